"""What a load balancer does with a request, by the listener and rules that a graph declares.

Sources, read 2026-11-21:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-verify-jwt.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_components.testing.graph import Graph, Resource
from opencode_components.testing.listener_conditions import (
    MAX_VALUES_PER_RULE,
    Action,
    Request,
    satisfies,
    value_count,
)

LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
LISTENER_RULES = ("aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule")
PRIORITIES = range(1, 50_001)
SESSION_ACTIONS = {"authenticate-oidc": "authenticateOidc", "authenticate-cognito": "authenticateCognito"}
REDIRECT_STATUS = {"HTTP_301": 301, "HTTP_302": 302}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The rule that a request met, and what came of its actions."""

    rule: Resource | None
    """None: the listener's default actions."""
    priority: int | None
    actions: Sequence[Action]
    """All actions of the rule, in order."""
    outcome: str
    """`forward`, `redirect`, `fixed-response`, or `rejected` by an action that authenticates."""
    status: int | None = None
    """What the load balancer answers by itself; None when it forwards."""
    body: str | None = None
    location: str | None = None
    target_group_arns: tuple[str, ...] = ()
    authenticated_by: tuple[str, ...] = ()
    """Types of the actions that the request passed, like `jwt-validation`."""

    def __str__(self) -> str:
        rule = f"{self.rule} (priority {self.priority})" if self.rule else "default actions"
        passed = f" after {', '.join(self.authenticated_by)}" if self.authenticated_by else ""
        return f"{rule}: {self.outcome}{f' {self.status}' if self.status else ''}{passed}"


def route(graph: Graph, request: Request, listener: Resource | None = None) -> Decision:
    """What happens to the request at the listener, by default the only one on the request's port.

    Raises LookupError when there is no such listener or more than one, and ValueError for rules that AWS would refuse.
    """
    listener = listener or listener_on(graph, request.port)
    rule = first_met(rules_of(graph, listener), request)
    if rule is None:
        return decide(None, None, listener.inputs["defaultActions"], request)
    return decide(rule, rule.inputs["priority"], rule.inputs["actions"], request)


def first_met(rules: Sequence[Resource], request: Request) -> Resource | None:
    """The first of the rules, in this order, that the request satisfies."""
    for rule in rules:
        if all(satisfies(condition, request) for condition in rule.inputs["conditions"]):
            return rule
    return None


def in_order(actions: Sequence[Action]) -> list[Action]:
    """As they run: where no order is given, as they are listed."""
    return sorted(actions, key=lambda action: action.get("order") or 0)


def listener_on(graph: Graph, port: int) -> Resource:
    every = [resource for kind in LISTENERS for resource in graph.all(kind)]
    found = [listener for listener in every if listener.inputs.get("port") == port]
    if len(found) != 1:
        listed = ", ".join(f"{one} on {one.inputs.get('port')}" for one in every) or "none"
        raise LookupError(f"{len(found)} listeners on port {port}; pass one as `listener`. Declared: {listed}")
    return found[0]


def rules_of(graph: Graph, listener: Resource) -> list[Resource]:
    """The listener's rules by priority. Raises ValueError for what AWS would refuse, or order by chance."""
    every = [resource for kind in LISTENER_RULES for resource in graph.all(kind)]
    own = [rule for rule in every if rule.inputs["listenerArn"] in {listener.id, listener.outputs.get("arn")}]
    taken: dict[int, Resource] = {}
    for rule in own:
        priority = checked_priority(rule)
        if priority in taken:
            raise ValueError(f"{rule} and {taken[priority]} both have priority {priority}; give each its own")
        if value_count(rule.inputs["conditions"]) > MAX_VALUES_PER_RULE:
            raise ValueError(f"{rule} compares more than {MAX_VALUES_PER_RULE} values; split it into two rules")
        taken[priority] = rule
    return [taken[priority] for priority in sorted(taken)]


def checked_priority(rule: Resource) -> int:
    priority: Any = rule.inputs.get("priority")
    if priority not in PRIORITIES:
        raise ValueError(f"{rule} has priority {priority!r}; give it one from 1 to {PRIORITIES[-1]}")
    return int(priority)


def decide(rule: Resource | None, priority: int | None, actions: Sequence[Action], request: Request) -> Decision:
    """Runs the actions in order until one answers."""
    ordered = in_order(actions)
    passed: list[str] = []
    for action in ordered:
        answer = authentication(action, request) if is_authentication(action) else final(action, request)
        if answer:
            return Decision(rule=rule, priority=priority, actions=ordered, authenticated_by=tuple(passed), **answer)
        passed.append(action["type"])
    raise ValueError(f"the actions of {rule or 'the listener'} neither forward nor answer; end them with one that does")


def is_authentication(action: Action) -> bool:
    return action["type"] == "jwt-validation" or action["type"] in SESSION_ACTIONS


def authentication(action: Action, request: Request) -> dict[str, Any] | None:
    """None when the request passes. A token that fails is refused; without a session the browser is sent to sign in."""
    if action["type"] == "jwt-validation":
        return None if request.is_valid_token(action) else {"outcome": "rejected", "status": 401}
    if request.has_session(action):
        return None
    settings = action[SESSION_ACTIONS[action["type"]]]
    match settings.get("onUnauthenticatedRequest", "authenticate"):
        case "allow":
            return None
        case "deny":
            return {"outcome": "rejected", "status": 401}
        case _:
            location = settings.get("authorizationEndpoint", settings.get("userPoolDomain"))
            return {"outcome": "redirect", "status": 302, "location": location}


def final(action: Action, request: Request) -> dict[str, Any]:
    match action["type"]:
        case "forward":
            return {"outcome": "forward", "target_group_arns": target_groups(action)}
        case "fixed-response":
            answer = action["fixedResponse"]
            status = int(answer["statusCode"])
            return {"outcome": "fixed-response", "status": status, "body": answer.get("messageBody")}
        case "redirect":
            redirect = action["redirect"]
            status = REDIRECT_STATUS[redirect["statusCode"]]
            return {"outcome": "redirect", "status": status, "location": location(redirect, request)}
        case unknown:
            raise ValueError(f"unknown action type {unknown!r}")


def target_groups(action: Action) -> tuple[str, ...]:
    return tuple(weights(action))


def weights(action: Action) -> dict[str, int]:
    """The weight of each target group of a forward, by ARN; 1 where none is given."""
    if action.get("targetGroupArn"):
        return {action["targetGroupArn"]: 1}
    groups = action["forward"]["targetGroups"]
    return {group["arn"]: 1 if group.get("weight") is None else int(group["weight"]) for group in groups}


def location(redirect: Mapping[str, Any], request: Request) -> str:
    """Address that a redirect names; what it leaves out stays as in the request."""
    protocol = request.protocol or ("HTTPS" if request.port == 443 else "HTTP")
    query = "&".join(f"{key}={value}" if value else key for key, value in request.query)
    sent = {
        "protocol": protocol.lower(),
        "host": request.host.partition(":")[0],
        "port": str(request.port),
        "path": request.path.removeprefix("/"),
        "query": query,
    }
    wanted = {"protocol": "#{protocol}", "host": "#{host}", "port": "#{port}", "path": "/#{path}", "query": "#{query}"}
    wanted.update({key: value for key, value in redirect.items() if key in wanted and value is not None})
    filled = {key: substituted(template, sent) for key, template in wanted.items()}
    query_part = f"?{filled['query']}" if filled["query"] else ""
    return f"{filled['protocol'].lower()}://{filled['host']}:{filled['port']}{filled['path']}{query_part}"


def substituted(template: str, sent: Mapping[str, str]) -> str:
    for key, value in sent.items():
        template = template.replace(f"#{{{key}}}", value)
    return template
