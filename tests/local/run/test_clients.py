"""Clients as their users run them, through the local load balancer, by what `make up` prints."""

import json
from typing import Any

import aiohttp
import anthropic
import openai

from opencode_local.run.guide import CHAT_MODEL, opencode_config
from tests.clients.agents import PROOF, Desk, needs_agents, task
from tests.clients.test_claude_code import QUIET as QUIET_CLAUDE
from tests.clients.test_opencode import QUIET as QUIET_OPENCODE
from tests.local.run.running import Running

HELLO: Any = [{"role": "user", "content": "Say hello"}]
ANSWER = "You said: Say hello"


async def test_the_openai_sdk_streams(running: Running) -> None:
    async with openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key=running.api_key) as client:
        stream = await client.chat.completions.create(model=CHAT_MODEL, messages=HELLO, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])

    assert text == ANSWER


async def test_the_anthropic_sdk_streams(running: Running) -> None:
    anthropics = anthropic.AsyncAnthropic(base_url=running.url, auth_token=running.api_key)
    asked: Any = {"model": CHAT_MODEL, "messages": HELLO, "max_tokens": 100}
    async with anthropics as client, client.messages.stream(**asked) as stream:
        text = await stream.get_final_text()

    assert text == ANSWER


async def test_a_client_needs_nothing_but_the_url_to_learn_how_one_signs_in(running: Running) -> None:
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{running.url}/.well-known/opencode") as answer:
        assert answer.status == 200, await answer.text()
        settings = await answer.json()
        issuer = settings["gateway"]["issuer"]
    async with aiohttp.ClientSession() as stranger, stranger.get(settings["gateway"]["jwks_url"]) as keys:
        assert (await keys.json())["keys"]

    shown = {name: value for name, value in settings["gateway"].items() if value is not None}
    assert shown == running.run.client_config, "the same as the stack's output, both with this machine's addresses"
    assert issuer.startswith("http://")
    assert settings["config"]["provider"]["bedrock"]["options"]["baseURL"] == f"{running.url}/v1"
    assert set(settings["config"]["provider"]["bedrock"]["models"]) == set(running.run.models)


@needs_agents
async def test_claude_code_does_a_task_that_needs_a_tool(running: Running, desk: Desk) -> None:
    outcome = await desk.run(
        "claude",
        "--print",
        "--output-format=json",
        "--allowedTools=Bash",
        said=task("Bash"),
        variables={
            **QUIET_CLAUDE,
            "ANTHROPIC_BASE_URL": running.url,
            "ANTHROPIC_AUTH_TOKEN": running.api_key,
            "ANTHROPIC_MODEL": "claude-sonnet-5",
        },
    )

    assert outcome.exit_code == 0, outcome
    assert PROOF in json.loads(outcome.output)["result"]
    assert desk.proof == f"{PROOF}\n"


@needs_agents
async def test_opencode_does_a_task_that_needs_a_tool(running: Running, desk: Desk) -> None:
    (desk.project / "opencode.json").write_text(json.dumps(opencode_config(running.url, [CHAT_MODEL], {})))

    outcome = await desk.run(
        "opencode",
        "run",
        "--format=json",
        f"--model=bedrock/{CHAT_MODEL}",
        said=task("bash"),
        variables={**QUIET_OPENCODE, "OPENCODE_API_KEY": running.api_key},
    )

    assert outcome.exit_code == 0, outcome
    assert desk.proof == f"{PROOF}\n"
