"""`make bench-proxy`: what the client's local proxy adds to an answer, and how soon its commands start.

Prints a table, asserts nothing.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import msgspec

from bench import credentials
from bench.exchanges import Exchange, native_chat
from bench.figures import Bar, Figure, held_against, milliseconds, table
from bench.orders import ClosedLoop, Loop
from bench.processes import BenchFailed, LoadGenerator, Process, answered, cores, module, running
from bench.subject import bearer
from opencode_local.ports import free_port

ROUNDS = 5
MEASURED_S = 2.0
WARM_UP_S = 0.2
STARTS = 15
ADDED_P50 = Bar(bar=0.001, goal=0.0006, shown=milliseconds)
ADDED_P99 = Bar(bar=0.003, goal=0.0015, shown=milliseconds)
START = Bar(bar=0.150, goal=0.100, shown=milliseconds)
COMMANDS = ("--version", "status", "token", "proxy status", "proxy logs", "use --help", "run --help", "doctor --help")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The same upstream, asked directly and by the proxy."""

    load: LoadGenerator
    upstream_port: int
    proxy_port: int
    secret: str
    environment: Mapping[str, str]
    """Of every command: a home of its own and an API key."""


@asynccontextmanager
async def set_up(home: Path) -> AsyncIterator[Stage]:
    measured_core, other_core = cores()
    upstream_port = free_port(0)
    upstream_url = f"http://127.0.0.1:{upstream_port}"
    settings = {"api_url": upstream_url, "issuer": upstream_url, "client_id": "bench"}
    (home / "config").mkdir(mode=0o700)
    (home / "config/gateway.json").write_text(json.dumps(settings))
    environment = {"OPENCODE_AUTH_HOME": str(home), "OPENCODE_API_KEY": "sk-bench"}
    serve = module("opencode_auth", "proxy", "start", "--foreground", "--handshake", "--port", str(free_port(0)))
    with ExitStack() as started:
        upstream = started.enter_context(
            running(Process(module("bench.upstream", str(upstream_port)), core=other_core))
        )
        upstream.tell(msgspec.json.encode(credentials.issued(upstream_url).facts))
        await answered(upstream, upstream_port, "/jwks")
        proxy = Process(serve, core=measured_core, environment=environment, output=subprocess.PIPE)
        started.enter_context(running(proxy))
        said = json.loads(proxy.hear() or b"{}")
        if "port" not in said:
            raise BenchFailed(f"the proxy did not start: {said}")
        load = started.enter_context(running(Process(module("bench.load"), core=other_core, output=subprocess.PIPE)))
        yield Stage(
            load=LoadGenerator(load),
            upstream_port=upstream_port,
            proxy_port=said["port"],
            secret=(home / "config/proxy-secret").read_text().strip(),
            environment=environment,
        )


async def added(stage: Stage, what: str, exchange: Exchange) -> Sequence[Figure]:
    """To the time from a request's sending to its answer's end, on one connection."""
    pairs = [
        (await asked(stage, exchange, is_proxied=False), await asked(stage, exchange, is_proxied=True))
        for _ in range(ROUNDS)
    ]
    p50_s = median(through.duration_p50_s - direct.duration_p50_s for direct, through in pairs)
    p99_s = median(through.duration_p99_s - direct.duration_p99_s for direct, through in pairs)
    direct_s = median(direct.duration_p50_s for direct, _ in pairs)
    note = f"direct {milliseconds(direct_s)}"
    return [
        held_against(ADDED_P50, f"added to {what}, p50", p50_s, note),
        held_against(ADDED_P99, f"added to {what}, p99", p99_s, ""),
    ]


async def asked(stage: Stage, exchange: Exchange, *, is_proxied: bool) -> Loop:
    """Raises BenchFailed when any answer was not a 200."""
    port = stage.proxy_port if is_proxied else stage.upstream_port
    request = exchange.to_gateway(bearer(stage.secret))
    # the proxy answers to its own address only
    request = request.replace(b"Host: 127.0.0.1\r\n", b"Host: 127.0.0.1:%d\r\n" % port, 1)
    order = ClosedLoop(port=port, request=request, connections=1, warm_up_s=WARM_UP_S, measured_s=MEASURED_S)
    loop = await stage.load.loop(order)
    if loop.failures:
        raise BenchFailed(f"{len(loop.failures)} failed answers: {loop.failures[:1]}")
    return loop


def start(stage: Stage, command: str) -> Figure:
    """From the command's start to its end, in a process of its own."""
    words = (sys.executable, "-m", "opencode_auth", *command.split())
    took_s = sorted(seconds_of(words, stage.environment) for _ in range(STARTS))
    return held_against(START, f"opencode-auth {command}", median(took_s), f"slowest {milliseconds(took_s[-1])}")


def seconds_of(words: Sequence[str], environment: Mapping[str, str]) -> float:
    started_s = time.perf_counter()
    ended = subprocess.run(words, env={"PATH": "/usr/bin:/bin", **environment}, capture_output=True, check=False)
    took_s = time.perf_counter() - started_s
    if ended.returncode:
        raise BenchFailed(f"{words[3:]} ended with {ended.returncode}: {ended.stderr.decode()}")
    return took_s


async def figures() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as home:
        async with set_up(Path(home)) as stage:
            sys.stderr.write("measuring: answers\n")
            found = [
                *await added(stage, "a call", native_chat(is_streaming=False)),
                *await added(stage, "a stream of 200 pieces", native_chat(is_streaming=True)),
            ]
            for command in COMMANDS:
                sys.stderr.write(f"measuring: {command}\n")
                found.append(await asyncio.to_thread(start, stage, command))
            return found


def main() -> int:
    try:
        print(table(asyncio.run(figures())))
    except BenchFailed as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
