"""OpenCode works through the gateway in both protocols it speaks, whatever serves the model behind it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opencode_local.bedrock import BedrockStandIn
from opencode_local.run.guide import opencode_config
from tests.clients.agents import PROOF, Desk, Outcome, needs_agents, task
from tests.clients.developer import Developer

pytestmark = needs_agents

CHAT, MESSAGES = "@ai-sdk/openai-compatible", "@ai-sdk/anthropic"
"""Both are part of OpenCode's program, nothing is fetched for them."""
NO_CATALOGUE = Path(__file__).with_name("no_models.json")
QUIET = {
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_MODELS_PATH": str(NO_CATALOGUE),
    "npm_config_offline": "true",
}
"""Nothing beyond the gateway is asked, and the models of a hundred other providers are not read, which took 3 s.

OpenCode 1.18 puts its plugin package into each config folder with npm's own library, in the background of a run; that
works without it. Source: opencode.ai/docs/cli, "Environment variables"; the last two as the program 1.18.33 reads
them (2026-11-21).
"""


def config(developer: Developer, package: str, model: str) -> dict[str, Any]:
    """The text that `make up` prints for pasting, with the protocol's package."""
    text = opencode_config(developer.router.url, [model], {})
    provider = {**text["provider"]["bedrock"], "npm": package}
    return {**text, "provider": {"bedrock": provider}}


async def work(desk: Desk, developer: Developer, package: str, model: str) -> Outcome:
    (desk.project / "opencode.json").write_bytes(msgspec.json.encode(config(developer, package, model)))
    return await desk.run(
        "opencode",
        "run",
        "--format=json",
        f"--model=bedrock/{model}",
        said=task("bash"),
        variables={**QUIET, "OPENCODE_API_KEY": developer.api_key},
    )


def answer(outcome: Outcome) -> str:
    """What the agent said last."""
    assert outcome.exit_code == 0, outcome
    events = [msgspec.json.decode(line) for line in outcome.output.splitlines()]
    said = [event["part"]["text"] for event in events if event["type"] == "text"]
    assert said, outcome
    return str(said[-1])


@pytest.mark.parametrize(
    ("package", "model", "surface"),
    [
        (CHAT, "claude-sonnet", "converse"),
        (CHAT, "kimi-k25", "mantle-chat"),
        (MESSAGES, "claude-sonnet-5", "messages"),
        (MESSAGES, "claude-sonnet", "invoke"),
        (MESSAGES, "nova-2-lite", "converse"),
    ],
)
async def test_a_task_that_needs_a_tool_is_done(
    desk: Desk, developer: Developer, bedrock: BedrockStandIn, package: str, model: str, surface: str
) -> None:
    outcome = await work(desk, developer, package, model)

    assert PROOF in answer(outcome), outcome
    assert desk.proof == f"{PROOF}\n"
    usage = await developer.usage()
    assert {(record["surface"], record["outcome"]) for record in usage} == {(surface, "finished")}
    assert len(usage) == 3, "a title, the call of the tool, the answer"
    assert "eager_input_streaming" not in str(bedrock.calls[-1].body), "Bedrock refuses it"


async def test_a_key_that_is_unknown_is_said_to_be(desk: Desk, developer: Developer) -> None:
    stranger = replace(developer, api_key=f"oc_{'x' * 43}")

    outcome = await work(desk, stranger, CHAT, "claude-sonnet")

    assert outcome.exit_code == 1, outcome
    assert "there is no such API key" in outcome.output, outcome
