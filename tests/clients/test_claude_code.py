"""Claude Code works through the gateway, whatever serves the model behind it."""

from typing import Any

import msgspec
import pytest

from tests.clients.agents import PROOF, Desk, Outcome, needs_agents, task
from tests.clients.developer import Developer

pytestmark = needs_agents

QUIET = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"}
"""No telemetry and no updates. Source: code.claude.com/docs/en/settings, "Environment variables" (read 2026-11-21)."""


async def work(desk: Desk, developer: Developer, **variables: str) -> Outcome:
    return await desk.run(
        "claude",
        "--print",
        "--output-format=json",
        "--allowedTools=Bash",
        said=task("Bash"),
        variables={
            **QUIET,
            "ANTHROPIC_BASE_URL": developer.router.url,
            "ANTHROPIC_AUTH_TOKEN": developer.api_key,
            **variables,
        },
    )


def answer(outcome: Outcome) -> dict[str, Any]:
    assert outcome.exit_code == 0, outcome
    return dict(msgspec.json.decode(outcome.output))


@pytest.mark.parametrize(
    ("model", "surface"),
    [
        ("claude-opus-5-5", "messages"),
        ("claude-sonnet-5", "messages"),
        ("claude-haiku", "messages"),
        ("claude-sonnet", "invoke"),
        ("claude-sonnet-4-5", "invoke"),
        ("nova-2-lite", "converse"),
    ],
)
async def test_a_task_that_needs_a_tool_is_done(desk: Desk, developer: Developer, model: str, surface: str) -> None:
    """It asks with its newest features first and goes without those that are refused."""
    outcome = await work(desk, developer, ANTHROPIC_MODEL=model)

    assert PROOF in answer(outcome)["result"], outcome
    assert desk.proof == f"{PROOF}\n"
    usage = await developer.usage()
    assert {record["surface"] for record in usage} == {surface}
    finished = [record for record in usage if record["outcome"] == "finished"]
    assert len(finished) == 2, "the call of the tool, the answer"
    assert all(
        record["input_tokens"] + record["cache_read_tokens"] + record["cache_write_5m_tokens"] > 10_000
        for record in finished
    )
    assert {record["error_code"] for record in usage if record not in finished} <= {"invalid_request"}


async def test_the_model_that_it_prefers_is_known(desk: Desk, developer: Developer) -> None:
    assert PROOF in answer(await work(desk, developer))["result"]


async def test_a_sign_in_does_instead_of_a_key(desk: Desk, developer: Developer) -> None:
    """Claude Code sends what its helper prints in two headers."""
    settings = desk.home / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_bytes(msgspec.json.encode({"apiKeyHelper": f"echo {developer.jwt}"}))

    outcome = await work(desk, developer, ANTHROPIC_AUTH_TOKEN="")

    assert PROOF in answer(outcome)["result"], outcome
    assert {"key_prefix" in record for record in await developer.usage()} == {False}


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"ANTHROPIC_AUTH_TOKEN": f"oc_{'x' * 43}"}, "401"),
        ({"ANTHROPIC_MODEL": "claude-sonet"}, "claude-sonet"),
    ],
    ids=["key", "model"],
)
async def test_what_is_wrong_is_said(
    desk: Desk, developer: Developer, variables: dict[str, str], complaint: str
) -> None:
    outcome = await work(desk, developer, **variables)

    assert outcome.exit_code == 1, outcome
    assert complaint in msgspec.json.decode(outcome.output)["result"], outcome
