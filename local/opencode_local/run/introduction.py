"""The facts of a run: gathered from the running gateway, the way a person would."""

import asyncio
import os
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
import psutil

from opencode_local.run.cloud import Cloud
from opencode_local.run.control import Control
from opencode_local.run.run_file import Run

KEY_DESCRIPTION = "make up"
SHOWN_KEY = "shown-key"
CLIENT_CONFIG = "client_config"


async def introduced(cloud: Cloud, control: Control) -> Run:
    """A key for the first local person, made as a person makes one, and where everything is."""
    url = next(iter(cloud.hosts.values()))
    people = await asyncio.to_thread(cloud.identity.people) if cloud.identity else ()
    api_key, models = None, []
    if cloud.identity and people:
        token = await asyncio.to_thread(cloud.identity.token, people[0])
        async with client_of(cloud, url, token) as client:
            api_key = await shown_key(cloud, client)
            async with client.get("/v1/models") as response:
                models = (await response.json())["data"]
    return Run(
        environment=cloud.options.environment,
        pid=os.getpid(),
        started_at=psutil.Process().create_time(),
        url=url,
        hosts=cloud.hosts,
        api_key=api_key,
        people=people,
        client_config=localised(cloud, cloud.graph.outputs[CLIENT_CONFIG]),
        outputs=localised(cloud, cloud.graph.outputs),
        models=tuple(model["id"] for model in models),
        limits={
            model["id"]: {"context": model["context_length"], "output": model["max_output_tokens"]} for model in models
        },
        bedrock_url=cloud.bedrock_url,
        aws_url=cloud.account.url,
        region=cloud.region,
        control_url=control.url,
        control_secret=control.secret,
        certificate_authority=str(cloud.authority.certificate.resolve()) if cloud.authority else None,
    )


def client_of(cloud: Cloud, url: str, token: str) -> aiohttp.ClientSession:
    trusted: ssl.SSLContext | bool = cloud.authority.client_context() if cloud.authority else True
    as_person = {"Authorization": f"Bearer {token}"}
    return aiohttp.ClientSession(
        url, headers=as_person, raise_for_status=True, connector=aiohttp.TCPConnector(ssl=trusted)
    )


async def shown_key(cloud: Cloud, client: aiohttp.ClientSession) -> str:
    """A new key, or that of the run before if it was kept: it may stand in a tool's config by now."""
    if cloud.kept and (key := cloud.kept.read(SHOWN_KEY)):
        async with client.get("/v1/models", headers={"Authorization": f"Bearer {key}"}, raise_for_status=False) as seen:
            if seen.status == 200:
                return str(key)
    async with client.post("/v1/api-keys", json={"description": KEY_DESCRIPTION}) as response:
        key = str((await response.json())["key"])
    if cloud.kept:
        cloud.kept.write(SHOWN_KEY, key)
    return key


def localised(cloud: Cloud, values: Mapping[str, Any]) -> dict[str, Any]:
    """With the addresses of this machine wherever a text names another."""
    return {name: cloud.addresses.local(one) if isinstance(one, str) else one for name, one in values.items()}
