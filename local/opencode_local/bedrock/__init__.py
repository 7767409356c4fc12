"""A strict stand-in for Amazon Bedrock, on loopback.

It answers `You said: <the user's text>`, one word an event. Commands stand on a line of their own in the last user
message that has text:

    call NAME {json}    calls that tool; several lines are parallel calls; a free-text tool of Responses takes
                        {"input": "text"}, a tool in a namespace is NAMESPACE.NAME
    say N words         N words of text
    think redacted      redacted reasoning after the readable one, where reasoning is on (`think` alone changes nothing:
                        where reasoning is on it always comes first, signed)
    stop REASON         ends with that stop reason of Converse, or the nearest that the protocol has
    json                an instance of the JSON schema that the request asks for; given even without this line
    then                what follows is for the next turn, after the results of this one's calls

Tool results are answered with `The tool NAME returned: <text>`, or `failed with`, which ends an agent's loop. A forced
tool is called with the smallest arguments that its schema allows. `<system-reminder>` blocks are not the user's words.

Faults are ordered with `BedrockStandIn.order(Fault(kind="throttle"))` or over HTTP: `POST /_standin/orders` with a JSON
list of faults, `DELETE /_standin/orders` (forgets calls and cached prompts, too), `POST /_standin/release`,
`GET /_standin/calls`.
"""

from opencode_local.bedrock.calls import Call
from opencode_local.bedrock.faults import Fault
from opencode_local.bedrock.stand_in import BedrockStandIn

__all__ = ["BedrockStandIn", "Call", "Fault"]
