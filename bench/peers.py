"""Other gateways beside ours, when they are installed: one process each, on the same core, passing Chat through.

`make bench PEERS=1` installs them. BENCH_LITELLM_PYTHON names an interpreter that has `litellm[proxy]`; Portkey is
looked for in bench/node_modules. Sources: LiteLLM documentation, "Configuration"; Portkey's README, "Run it locally",
and its documentation of `x-portkey-custom-host` (read 2026-11-21).
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bench.exchanges import CHAT_MODEL
from bench.processes import Process, answered, cores
from bench.subject import Subject, asking, bearer
from opencode_local.ports import free_port

LITELLM_PYTHON = os.environ.get("BENCH_LITELLM_PYTHON", "")
LITELLM_CONFIG = Path(".local/bench-litellm.yaml")
LITELLM_KEY = "sk-bench"
PORTKEY = Path(__file__).parent / "node_modules/@portkey-ai/gateway/build/start-server.js"
HEALTH = {"LiteLLM": "/health/liveliness", "Portkey": "/"}

Start = Callable[[Process], Process]


def start_peers(upstream_url: str, start: Start) -> Iterator[Subject]:
    if LITELLM_PYTHON:
        yield litellm(upstream_url, start)
    if PORTKEY.exists():
        yield portkey(upstream_url, start)


async def ready(peer: Subject) -> Subject:
    await answered(peer.process, peer.port, HEALTH[peer.name])
    return peer


def litellm(upstream_url: str, start: Start) -> Subject:
    """With a master key, without a database."""
    where = {"model": f"openai/{CHAT_MODEL}", "api_base": f"{upstream_url}/v1", "api_key": "none"}
    models = [{"model_name": CHAT_MODEL, "litellm_params": where}]
    LITELLM_CONFIG.parent.mkdir(exist_ok=True)
    settings = {"model_list": models, "general_settings": {"master_key": LITELLM_KEY}}
    LITELLM_CONFIG.write_bytes(msgspec.json.encode(settings))
    port, (measured_core, _) = free_port(0), cores()
    command = [LITELLM_PYTHON, "-c", "from litellm import run_server; run_server()"]
    options = ["--config", str(LITELLM_CONFIG), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    return Subject("LiteLLM", port, start(Process([*command, *options], core=measured_core)), asking(LITELLM_KEY))


def portkey(upstream_url: str, start: Start) -> Subject:
    port, (measured_core, _) = free_port(0), cores()
    process = Process(["node", str(PORTKEY), f"--port={port}", "--headless"], core=measured_core)
    headers = {
        **bearer("none"),
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": f"{upstream_url}/v1",
    }
    return Subject("Portkey", port, start(process), lambda exchange: exchange.to_gateway(headers))
