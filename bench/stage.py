"""Everything the measurements need, started and pinned: what is measured on one core, all else on the other."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import msgspec

from bench import credentials
from bench.exchanges import Exchange
from bench.peers import ready, start_peers
from bench.processes import POLL_S, BenchFailed, LoadGenerator, Process, answered, cores, module, running
from bench.subject import Subject, asking, bearer
from bench.upstream import WRITTEN_PATH
from opencode_local.ports import free_port

READY = "/ready"
PIECE = re.compile(rb'"content":"|"text":"')
"""Where an answer of either protocol holds a piece of text."""
SHOWN_BYTES = 400
USAGE_TIMEOUT_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The measured ones never work at the same time."""

    load: LoadGenerator
    upstream: Subject
    relay: Subject
    gateway: Subject
    """Asked with an API key."""
    gateway_by_token: Subject
    """The same process, asked with a JWT."""
    peers: Sequence[Subject]
    api_key: str
    gateway_environment: Mapping[str, str]

    def start_gateway(self, port: int) -> Process:
        """One more, on the same core."""
        return gateway_process(self.gateway_environment, port)

    async def check(self, exchange: Exchange) -> None:
        """Raises BenchFailed unless the gateway answers as it should and the usage comes to the table.

        Figures of anything less are none.
        """
        gateway, upstream = (f"http://127.0.0.1:{subject.port}" for subject in (self.gateway, self.upstream))
        headers = {**bearer(self.api_key), "Content-Type": "application/json"}
        async with aiohttp.ClientSession() as client:
            records_before = await records_written(client, upstream)
            body = msgspec.json.encode(exchange.body)
            async with client.post(gateway + exchange.path, data=body, headers=headers) as response:
                text = await response.read()
            pieces = len(PIECE.findall(text))
            if response.status != 200 or pieces < exchange.pieces:
                shown = text[:SHOWN_BYTES].decode(errors="replace")
                raise BenchFailed(f"{exchange.path} answered {response.status} with {pieces} pieces: {shown}")
            async with asyncio.timeout(USAGE_TIMEOUT_S):
                while await records_written(client, upstream) == records_before:  # noqa: ASYNC110  another process writes
                    await asyncio.sleep(POLL_S)


async def records_written(client: aiohttp.ClientSession, upstream: str) -> int:
    async with client.get(upstream + WRITTEN_PATH) as response:
        return int(await response.text())


@asynccontextmanager
async def set_up() -> AsyncIterator[Stage]:
    """Everything started, in the order of need; stopped in the opposite one."""
    measured_core, other_core = cores()
    ports = [free_port(0) for _ in range(3)]
    upstream_port, relay_port, gateway_port = ports
    upstream_url = f"http://127.0.0.1:{upstream_port}"
    who, environment = credentials.issued(upstream_url), gateway_environment(upstream_url)
    with ExitStack() as started:

        def start(process: Process) -> Process:
            return started.enter_context(running(process))

        upstream = start(Process(module("bench.upstream", str(upstream_port)), core=other_core))
        upstream.tell(msgspec.json.encode(who.facts))
        await answered(upstream, upstream_port, "/jwks")
        relay = start(Process(module("bench.relay", str(relay_port), upstream_url), core=measured_core))
        await answered(relay, relay_port, "/jwks")
        gateway = start(gateway_process(environment, gateway_port))
        await answered(gateway, gateway_port, READY)
        load = start(Process(module("bench.load"), core=other_core, output=subprocess.PIPE))
        yield Stage(
            load=LoadGenerator(load),
            upstream=Subject("upstream, direct", upstream_port, upstream, Exchange.to_upstream),
            relay=Subject("bare relay", relay_port, relay, Exchange.to_upstream),
            gateway=Subject("gateway", gateway_port, gateway, asking(who.api_key)),
            gateway_by_token=Subject("asked with a JWT", gateway_port, gateway, asking(who.token)),
            peers=[await ready(peer) for peer in start_peers(upstream_url, start)],
            api_key=who.api_key,
            gateway_environment=environment,
        )


def gateway_process(environment: Mapping[str, str], port: int) -> Process:
    measured_core, _ = cores()
    ports = {"PORT": str(port), "METRICS_PORT": str(free_port(0))}
    return Process(module("opencode_router"), core=measured_core, environment={**environment, **ports})


def gateway_environment(upstream_url: str) -> Mapping[str, str]:
    """As in production, but for where its neighbours are and how many calls may be open."""
    return {
        "HOST": "127.0.0.1",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_DYNAMODB": upstream_url,
        "AWS_ACCESS_KEY_ID": "AKIABENCH",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
        "BEDROCK_RUNTIME_URL": upstream_url,
        "BEDROCK_MANTLE_URL": upstream_url,
        "OIDC_ISSUER": upstream_url,
        "OIDC_AUDIENCES": credentials.AUDIENCE,
        "KEYS_TABLE": "gateway-keys",
        "USAGE_TABLE": "gateway-usage",
        "MAX_CONCURRENT_CALLS": "10000",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
    }
