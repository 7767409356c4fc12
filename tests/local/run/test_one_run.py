"""One run of two tasks: clients use it as `make up` says; then it is rolled out anew, loses a task and shrinks."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from typing import Any

import aiohttp
import anthropic
import openai
import pytest

from opencode_local.run.guide import CHAT_MODEL, opencode_config
from opencode_local.status import Status
from tests.clients.agents import PROOF, Desk, needs_agents, task
from tests.clients.test_claude_code import QUIET as QUIET_CLAUDE
from tests.clients.test_opencode import QUIET as QUIET_OPENCODE
from tests.local.run.load import (
    Answers,
    all_settled,
    held_streams,
    loaded_client,
    running_tasks,
    service_of,
    steady_requests,
    tasks,
    until,
    usage_by_id,
)
from tests.local.run.running import Running

STREAMS = 50
KILLED_STREAMS = 20
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


async def shared(running: Running, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and document of the sharing host's answer to who has the personal key."""
    headers = {**running.as_key, "Host": "share.example.com"}
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, running.url + path, json=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.json() if answer.content_type == "application/json" else answer.headers


async def test_a_session_is_shared_watched_live_folded_and_deleted_with_the_roles_that_are_declared(
    running: Running,
) -> None:
    """Through the listener's rules, three functions and the WebSocket API, as the program declares all of them."""
    status, made = await shared(running, "POST", "/api/share", {"sessionID": "ses_1", "visibility": "link"})
    assert status == 200, made
    page, data = f"/share/{made['id']}", f"/api/share/{made['id']}"
    assert made["url"] == f"{running.run.outputs['sharing_url']}{page}"

    async def sync(number: int, size: int) -> Any:
        text = {"id": "prt_1", "messageID": "msg_1", "type": "text", "text": f"{number} " * size}
        items = [{"type": "part", "data": text}]
        return await shared(running, "POST", f"{data}/sync", {"secret": made["secret"], "data": items})

    assert await sync(1, size=1) == (200, {"success": True, "sequence": 1})
    status, state = await shared(running, "GET", f"{page}/state?after=0")
    assert (status, state["sequence"], len(state["items"])) == (200, 1, 1), state
    live = f"{state['live']['url']}?ticket={state['live']['ticket']}"
    assert live.startswith("ws://localhost:")
    async with aiohttp.ClientSession() as client, client.ws_connect(live) as watching:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect(live)
        for number in (2, 3, 4):
            assert (await sync(number, size=200_000))[0] == 200
            assert (await watching.receive_json())["sequence"] == number
        assert objects(running), "the writer has made a snapshot"
        assert (await shared(running, "DELETE", data, {"secret": made["secret"]}))[0] == 200
        assert await watching.receive_json() == {"ended": "deleted"}
        assert (await watching.receive()).type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}

    assert [(await shared(running, "GET", path))[0] for path in (f"{page}/state", f"{data}/data")] == [410, 410]
    assert not objects(running), "no version of any object is left"
    status, headers = await shared(running, "GET", f"/sign-in/{made['id']}")
    assert (status, headers["Location"].partition("?")[0]) == (
        302,
        running.run.client_config["authorization_endpoint"],
    ), "and whoever opens it is asked who they are"


def objects(running: Running) -> list[Any]:
    """All versions and deletion marks of what is kept of shares."""
    listed = running.aws("s3").list_object_versions(Bucket=running.run.outputs["shares_bucket"])
    return [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]


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


async def test_a_new_version_takes_over_without_a_failed_request_or_a_cut_stream(running: Running) -> None:
    before = await running_tasks(running)
    async with loaded_client(running) as client, steady_requests(client) as requests:
        async with held_streams(running, client, STREAMS) as streams:
            running.aws("ecs").update_service(**service_of(running), forceNewDeployment=True)
            await until(lambda: replaced(running, before))
        await until(lambda: gone(running, before))

    assert requests.failures == streams.failures == []
    assert set(requests.statuses) == set(streams.statuses) == {200}
    assert all("[DONE]" in text for text in streams.texts)
    assert len(streams.texts) == STREAMS
    everything = [*requests.ids, *streams.ids]
    await until(lambda: all_settled(running, everything))
    records = usage_by_id(running)
    assert {records[id_]["outcome"] for id_ in everything} == {"finished"}
    assert len(set(everything)) == len(everything), "one record each"


async def replaced(running: Running, before: set[str]) -> bool:
    """As many new tasks run, and the old ones take no more requests."""
    now = await running_tasks(running)
    return len(now - before) >= len(before) and not now & before


async def gone(running: Running, before: set[str]) -> bool:
    return not {one.name for one in await tasks(running)} & before


async def test_a_killed_task_takes_only_its_own_streams_along_and_what_is_lost_is_named(running: Running) -> None:
    async with loaded_client(running) as client:
        async with held_streams(running, client, KILLED_STREAMS) as streams:
            victim = (await tasks(running))[0]
            os.kill(pid_of(victim), signal.SIGKILL)
            await until(lambda: has_failures(streams))
            cut_before_release = len(streams.failures)
        assert 0 < cut_before_release < KILLED_STREAMS
        assert len(streams.texts) + len(streams.failures) == KILLED_STREAMS
        assert all("[DONE]" in text for text in streams.texts), "those of the other task are whole"
        await until(lambda: settled_or_lost(running, streams.ids))
        await until(lambda: is_steady(running))
        async with client.get("/v1/models") as response:
            assert response.status == 200


def pid_of(task: Status) -> int:
    return int(task.detail.partition("pid ")[2].split()[0].rstrip(","))


async def has_failures(answers: Answers) -> bool:
    return bool(answers.failures)


async def settled_or_lost(running: Running, ids: Sequence[str]) -> bool:
    """The ids that were lost are told where the run tells everything."""
    settled = (await asyncio.to_thread(usage_by_id, running)).keys()
    return all(id_ in settled or id_ in running.printed for id_ in ids)


async def is_steady(running: Running) -> bool:
    return len(await running_tasks(running)) == 2


async def test_a_service_follows_what_the_ecs_api_is_told(running: Running) -> None:
    running.aws("ecs").update_service(**service_of(running), desiredCount=1)

    await until(lambda: has_tasks(running, 1))


async def has_tasks(running: Running, count: int) -> bool:
    return len(await tasks(running)) == count
