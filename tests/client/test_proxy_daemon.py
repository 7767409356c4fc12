"""The local proxy as a process: started, found again, stopped, killed."""

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from opencode_auth.proxy import daemon, log_file
from opencode_local.ports import free_port
from tests.client.laptop import Laptop
from tests.client.proxied import played_gateway, silent_until

KEY = "sk-of-ada"


@pytest_asyncio.fixture
async def laptop(tmp_path: Path) -> AsyncIterator[Laptop]:
    """Set up, with a key; its proxy ends with the test."""
    mine = Laptop(tmp_path, KEY, {"OPENCODE_AUTH_STORE": "file"})
    mine.point_at("http://127.0.0.1:1")
    yield mine
    await mine.say("proxy", "stop")


async def started(laptop: Laptop, *arguments: str, **variables: str) -> dict[str, Any]:
    said = await Laptop(laptop.home, laptop.credential, {**laptop.variables, **variables}).say(
        "proxy", "start", "--json", *arguments
    )
    assert said.exit_code == 0, said
    found: dict[str, Any] = json.loads(said.stdout)
    return found


def text_of(*files: str) -> str:
    return "".join(Path(file).read_text() for file in files)


def kept_secret(laptop: Laptop) -> str:
    return (laptop.own_folder / "config/proxy-secret").read_text().strip()


async def test_it_outlives_the_command_that_started_it_in_a_session_of_its_own(laptop: Laptop) -> None:
    port = free_port(0)
    record = await started(laptop, "--port", str(port))

    assert (record["running"], record["port"]) == (True, port)
    assert os.getsid(record["pid"]) == record["pid"]
    assert os.getsid(record["pid"]) != os.getsid(0)
    assert {os.readlink(f"/proc/{record['pid']}/fd/{number}") for number in (0, 1, 2)} == {"/dev/null"}
    assert kept_secret(laptop) not in text_of(f"/proc/{record['pid']}/cmdline")
    assert {file.stat().st_mode & 0o777 for file in laptop.own_folder.rglob("proxy*") if file.is_file()} == {0o600}
    assert "127.0.0.1" in (await laptop.say("proxy")).stdout
    assert "listening at" in (await laptop.say("proxy", "logs")).stdout
    assert kept_secret(laptop) not in (await laptop.say("proxy", "logs")).stdout


async def test_it_listens_on_loopback_addresses_only(laptop: Laptop) -> None:
    record = await started(laptop, "--port", str(free_port(0)))

    port_text = f":{record['port']:04X}"
    lines = text_of("/proc/net/tcp", "/proc/net/tcp6").splitlines()
    at_port = {line.split()[1] for line in lines if line.split()[3] == "0A" and line.split()[1].endswith(port_text)}
    assert at_port
    assert at_port <= {f"0100007F{port_text}", f"00000000000000000000000001000000{port_text}"}


async def test_signing_out_ends_it(laptop: Laptop) -> None:
    await started(laptop, "--port", str(free_port(0)))

    said = await laptop.say("logout")

    assert said.exit_code == 0, said
    assert "not running" in (await laptop.say("proxy", "status")).stdout


async def test_two_starts_at_once_make_one_proxy(laptop: Laptop) -> None:
    port = str(free_port(0))
    command = ("proxy", "start", "--json", "--port", port)
    first, second = await asyncio.gather(laptop.run(*command), laptop.run(*command))
    assert (first.exit_code, first) == (0, second)


async def test_a_taken_port_makes_it_take_the_next_one_and_keep_that(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", free_port(0))) as other:
        taken = other.getsockname()[1]
        first = await started(laptop, "--port", str(taken))
        assert taken < first["port"] < taken + 50
        await laptop.say("proxy", "stop")
    assert (await started(laptop))["port"] == first["port"], "tools were told this one"


async def test_a_killed_proxy_is_replaced_at_the_same_port(laptop: Laptop) -> None:
    first = await started(laptop, "--port", str(free_port(0)))
    os.kill(first["pid"], signal.SIGKILL)
    assert "not running" in (await laptop.say("proxy", "status")).stdout

    second = await started(laptop)
    assert (second["port"], second["pid"] == first["pid"]) == (first["port"], False)


async def test_another_program_at_the_port_is_neither_believed_nor_stopped(laptop: Laptop) -> None:
    """An old record, whose process id and port belong to somebody else by now."""
    first = await started(laptop, "--port", str(free_port(0)))
    await laptop.say("proxy", "stop")
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"proof": "00"}')
        writer.close()

    file = laptop.own_folder / "state/proxy.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "pid": os.getpid()}))
    async with await asyncio.start_server(answer, "127.0.0.1", first["port"]):
        assert "not running" in (await laptop.say("proxy", "stop")).stdout
        assert (await started(laptop))["port"] != first["port"]
    assert seen
    assert not any(kept_secret(laptop).encode() in request for request in seen)


@pytest.mark.parametrize("how", ["stop", "SIGTERM"])
async def test_an_open_request_is_answered_before_it_goes(laptop: Laptop, how: str) -> None:
    released = asyncio.Event()
    async with played_gateway(silent_until(released)) as gateway, aiohttp.ClientSession() as tool:
        laptop.point_at(gateway.url)
        record = await started(laptop, "--port", str(free_port(0)))
        url, key = f"{record['url']}/v1/models", {"x-api-key": kept_secret(laptop)}
        waiting = asyncio.create_task(status(tool, url, key))
        await gateway.arrivals.acquire()
        stopping = asyncio.create_task(ask_to_stop(laptop, record["pid"], how))
        await refused(record["port"])
        assert not waiting.done()
        released.set()
        assert await waiting == 200
        await stopping
    assert "not running" in (await laptop.say("proxy")).stdout


async def status(tool: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with tool.get(url, headers=headers) as response:
        return response.status


async def ask_to_stop(laptop: Laptop, pid: int, how: str) -> None:
    if how == "SIGTERM":
        os.kill(pid, signal.SIGTERM)
    else:
        assert (await laptop.say("proxy", "stop")).stdout == "stopped\n"


async def refused(port: int) -> None:
    """Returns when nobody listens there any more."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
            except ConnectionError:
                return


async def test_another_key_or_gateway_replaces_it_at_the_same_port(laptop: Laptop) -> None:
    first = await started(laptop, "--port", str(free_port(0)))
    assert await started(laptop) == first
    second = await started(laptop, OPENCODE_API_KEY="sk-of-bob")
    laptop.point_at("http://127.0.0.1:2")
    third = await started(laptop, OPENCODE_API_KEY="sk-of-bob")
    assert len({each["instance"] for each in (first, second, third)}) == 3
    assert {each["port"] for each in (first, second, third)} == {first["port"]}
    assert "sk-of" not in (laptop.own_folder / "state/proxy.json").read_text()


async def test_what_keeps_it_from_starting_is_said_by_the_command(laptop: Laptop) -> None:
    (laptop.own_folder / "config/gateway.json").unlink()
    said = await laptop.say("proxy", "start")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "hint: opencode-auth setup" in said.stderr


async def test_a_child_that_fails_says_why(laptop: Laptop) -> None:
    laptop.point_at("https://gateway.example")
    said = await laptop.run("proxy", "start", SSL_CERT_FILE="/nowhere")
    assert said.exit_code == 2
    assert "SSL_CERT_FILE" in said.stderr


async def test_in_the_foreground_it_logs_to_the_terminal_and_there_is_no_second_one(laptop: Laptop) -> None:
    process = await laptop.start("proxy", "start", "--foreground", "--port", str(free_port(0)))
    assert process.stderr is not None
    assert b"listening at" in await process.stderr.readline()
    said = await laptop.say("proxy", "start", "--foreground")
    assert (said.exit_code, "running already" in said.stderr) == (2, True)
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 0


def test_the_log_is_rotated_and_stays_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_AUTH_HOME", str(tmp_path))
    handler = log_file.to_file(log_file.log_file(), most_bytes=2000)
    log = logging.getLogger(log_file.PACKAGE)
    for number in range(500):
        log.info("line %d", number)
    for name in log_file.LOGGERS:
        logging.getLogger(name).removeHandler(handler)
    handler.close()

    files = sorted(log_file.log_file().parent.glob("proxy.log*"))
    assert len(files) == 1 + log_file.OLD_FILES
    assert all(file.stat().st_size <= 2000 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert [line.rpartition("line ")[2] for line in log_file.last_lines(40)] == [str(n) for n in range(460, 500)]


def test_on_windows_it_is_detached_by_flags() -> None:
    assert daemon.detachment("win32") == {"creationflags": 0x208}
    assert daemon.detachment("darwin") == {"start_new_session": True}
