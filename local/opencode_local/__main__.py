"""`make up`: the gateway and all it needs on this machine, until Ctrl-C or SIGTERM.

BEDROCK=aws calls the real Bedrock with the caller's own AWS credentials; everything else stays local.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from opencode_local.aws import KEYS_TABLE, REGION, USAGE_TABLE, EmbeddedAws
from opencode_local.bedrock import BedrockStandIn
from opencode_local.guide import RUN_FILE, Run
from opencode_local.issuer import CLI_CLIENT_ID, DEFAULT_USERS, Issuer
from opencode_local.ports import free_port
from opencode_local.router_process import RouterFailed, RouterProcess

PORT = 8080
METRICS_PORT = 9090
PORT_TRIES = 3
DRAIN_S = "10"


async def main() -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with gateway(uses_real_bedrock=os.environ.get("BEDROCK") == "aws") as (run, router):
            run.write()
            print(run.text(), flush=True)
            ended = asyncio.create_task(router.wait())
            await asyncio.wait({ended, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise RouterFailed(f"the router ended with exit code {ended.result()}")
            say("stopping")
    except RouterFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        RUN_FILE.unlink(missing_ok=True)
    return 0


@asynccontextmanager
async def gateway(*, uses_real_bedrock: bool) -> AsyncIterator[tuple[Run, RouterProcess]]:
    """Everything started, in the order of need; stopped in the opposite one."""
    async with AsyncExitStack() as running:
        aws = EmbeddedAws(os.environ.get("AWS_REGION", REGION))
        running.callback(aws.stop)
        say(f"DynamoDB at {aws.start()}")
        issuer = Issuer()
        running.callback(issuer.stop)
        say(f"identity provider at {issuer.start()}")
        bedrock: Mapping[str, str] = {}
        if not uses_real_bedrock:
            stand_in = BedrockStandIn()
            running.push_async_callback(stand_in.stop)
            bedrock_url = await stand_in.start()
            bedrock = {**aws.credentials(), "BEDROCK_RUNTIME_URL": bedrock_url, "BEDROCK_MANTLE_URL": bedrock_url}
        environment = {**router_environment(aws, issuer), **bedrock}
        say(f"Bedrock at {bedrock.get('BEDROCK_RUNTIME_URL', 'AWS ' + aws.region)}")
        router = await started_router(environment, issuer.token(DEFAULT_USERS[0].sub))
        running.push_async_callback(router.stop)
        say(f"router at {router.url}")
        yield await introduced(router, issuer, environment), router


async def started_router(environment: Mapping[str, str], token: str) -> RouterProcess:
    """Tried again on other ports when another program takes one between the look and the use. Raises RouterFailed."""
    for tries_left in reversed(range(PORT_TRIES)):
        router = RouterProcess(environment, port=free_port(PORT), metrics_port=free_port(METRICS_PORT), token=token)
        try:
            await router.start()
        except RouterFailed:
            if not tries_left:
                raise
        else:
            break
    return router


def router_environment(aws: EmbeddedAws, issuer: Issuer) -> dict[str, str]:
    return {
        "AWS_REGION": aws.region,
        "AWS_ENDPOINT_URL_DYNAMODB": aws.url,
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCES": CLI_CLIENT_ID,
        "KEYS_TABLE": KEYS_TABLE,
        "USAGE_TABLE": USAGE_TABLE,
        "DRAIN_S": DRAIN_S,
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


async def introduced(router: RouterProcess, issuer: Issuer, environment: Mapping[str, str]) -> Run:
    """A key for the first local user, made the way a person makes one, and the facts of this run."""
    person = {"Authorization": f"Bearer {issuer.token(DEFAULT_USERS[0].sub)}"}
    async with aiohttp.ClientSession(router.url, headers=person, raise_for_status=True) as client:
        async with client.post("/v1/api-keys", json={"description": "make up"}) as response:
            api_key = (await response.json())["key"]
        async with client.get("/v1/models") as response:
            models = (await response.json())["data"]
    return Run(
        url=router.url,
        api_key=api_key,
        issuer=issuer.url,
        client_id=CLI_CLIENT_ID,
        models=[model["id"] for model in models],
        limits={
            model["id"]: {"context": model["context_length"], "output": model["max_output_tokens"]} for model in models
        },
        bedrock_url=environment.get("BEDROCK_RUNTIME_URL", f"AWS {environment['AWS_REGION']}"),
        metrics_url=router.metrics_url,
    )


STARTED_S = time.monotonic()


def say(what: str) -> None:
    print(f"{time.monotonic() - STARTED_S:5.1f} s  {what}", flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
