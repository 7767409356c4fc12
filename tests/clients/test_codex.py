"""Codex works through the gateway with what `opencode-auth use codex` writes, whatever it knows of the model."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from opencode_local.bedrock import BedrockStandIn, Fault
from opencode_local.issuer import Issuer
from tests.client.laptop import Laptop
from tests.client.person import new_person
from tests.client.servers import ConnectProxy, running
from tests.clients.agents import PROOF, Desk, Outcome, needs_agents
from tests.clients.developer import Developer
from tests.router.running import Router

pytestmark = needs_agents

OPEN_WEIGHT, KNOWN = "gpt-oss-120b", "gpt-6-sol"
"""One of which Codex knows nothing, and one to which it speaks in words of its own and hands a JavaScript engine."""
SHELL = f"echo {PROOF} > proof.txt && cat proof.txt"
SCRIPT = f"const done = await tools.exec_command({{cmd: {json.dumps(SHELL)}}}); text(done.output)"
TASKS = {
    OPEN_WEIGHT: f"call exec_command {json.dumps({'cmd': SHELL})}",
    KNOWN: f"call exec {json.dumps({'input': SCRIPT})}",
}
QUIET = {
    "analytics.enabled": "false",
    "check_for_update_on_startup": "false",
    "features.apps": "false",
    "features.plugins": "false",
}
"""Nothing beyond the gateway is asked. Source: developers.openai.com/codex/config-reference (read 2026-11-21)."""
AT_ONCE = {
    "model_providers.opencode-gateway.request_max_retries": "0",
    "model_providers.opencode-gateway.stream_max_retries": "0",
}


async def work(desk: Desk, said: str, variables: Mapping[str, str], **settings: str) -> Outcome:
    """One task, on a machine from which only this machine can be reached."""
    options = [word for name, value in {**QUIET, **settings}.items() for word in ("-c", f"{name}={value}")]
    with running() as nobody:
        abroad = ConnectProxy(nobody.port)
        outcome = await desk.run(
            "codex",
            *("exec", "--json", "--skip-git-repo-check", "--sandbox=danger-full-access"),
            *options,
            said=said,
            variables={**variables, "HTTPS_PROXY": abroad.url, "HTTP_PROXY": abroad.url, "NO_PROXY": "127.0.0.1"},
        )
        abroad.close()
    assert abroad.asked == [], "Codex asks the gateway alone"
    return outcome


async def configured(desk: Desk, developer: Developer, model: str) -> Laptop:
    laptop = Laptop(desk.home, developer.api_key)
    laptop.point_at(developer.router.url)
    said = await laptop.say("use", "codex", "--yes", "--model", model)
    assert said.exit_code == 0, said
    return laptop


def events(outcome: Outcome, kind: str) -> list[dict[str, Any]]:
    found = [msgspec.json.decode(line) for line in outcome.output.splitlines()]
    return [event for event in found if event["type"] == kind]


def answer(outcome: Outcome) -> str:
    """What the agent said last."""
    assert outcome.exit_code == 0, outcome
    items = [event["item"] for event in events(outcome, "item.completed")]
    return str([item["text"] for item in items if item["type"] == "agent_message"][-1])


@pytest.mark.parametrize(("model", "surface"), [(OPEN_WEIGHT, "mantle-responses"), (KNOWN, "responses")])
async def test_a_task_that_needs_a_tool_is_done(
    desk: Desk, developer: Developer, bedrock: BedrockStandIn, model: str, surface: str
) -> None:
    laptop = await configured(desk, developer, model)

    outcome = await work(desk, TASKS[model], laptop.environment)

    assert PROOF in answer(outcome), outcome
    assert desk.proof == f"{PROOF}\n"
    assert [call.is_streaming for call in bedrock.calls] == [True, True], "the call of the tool, the answer"
    sealed = [item for item in bedrock.calls[-1].body["input"] if item["type"] == "reasoning"]
    assert sealed[0]["encrypted_content"], "what the model thought before the call comes back to it"
    usage = await developer.usage()
    assert {(record["surface"], record["outcome"]) for record in usage} == {(surface, "finished")}
    assert len(usage) == 2
    assert "failed to refresh available models" not in outcome.complaints


async def test_a_sign_in_is_renewed_when_codex_asks_for_its_credential(
    desk: Desk, router: Router, issuer: Issuer
) -> None:
    with running() as settings:
        person = new_person(desk.home, settings, issuer, now_s=time.time())
        await asyncio.to_thread(person.set_up, api_url=router.url)
        await asyncio.to_thread(person.signed_in)
        environment = person.process_environment()
        person.pass_time(3600.0)

        await asyncio.to_thread(person.run, "use", "codex", "--yes", HOME=environment["HOME"])
        outcome = await work(desk, "hello", environment)

    assert "hello" in answer(outcome), outcome
    assert settings.count("/token") == 2, "the sign-in, and one renewal for all that asked"


async def test_a_credential_that_the_gateway_refuses_is_asked_for_anew(desk: Desk, developer: Developer) -> None:
    laptop = Laptop(desk.home, developer.api_key)
    asked = desk.home / "asked"
    say = f'[ -e "{asked}" ] && echo {developer.api_key} || echo oc_{"x" * 43}'
    laptop.install("opencode-auth", f'#!/bin/sh\n{say}\necho "$*" >> "{asked}"\n')
    await configured(desk, developer, OPEN_WEIGHT)

    outcome = await work(desk, "hello", laptop.environment)

    assert "hello" in answer(outcome), outcome
    assert asked.read_text().split() == ["token", "token"]


@pytest.mark.parametrize(
    ("settings", "faults", "complaint"),
    [
        ({"model": "gpt-oss-121b"}, (), "gpt-oss-120b"),
        ({"model": "claude-sonnet-5"}, (), "not served in this protocol"),
        ({}, (Fault(kind="truncate", after_events=6),), "the model's stream ended before it was complete"),
    ],
    ids=["unknown", "another protocol", "mid-stream"],
)
async def test_what_is_wrong_is_said(
    desk: Desk,
    developer: Developer,
    bedrock: BedrockStandIn,
    settings: dict[str, str],
    faults: Sequence[Fault],
    complaint: str,
) -> None:
    laptop = await configured(desk, developer, OPEN_WEIGHT)
    bedrock.order(*faults)

    outcome = await work(desk, "hello", laptop.environment, **AT_ONCE, **settings)

    assert outcome.exit_code == 1, outcome
    assert complaint in str(events(outcome, "turn.failed")), outcome
