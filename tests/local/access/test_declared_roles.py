"""Least privilege by use: with its declared roles the router does all that it can do, and without any one of their
statements the feature that the statement is for fails, and says why.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import aiohttp
import pytest
from botocore.exceptions import ClientError

from opencode_local.aws import EmbeddedAws
from opencode_local.issuer import Issuer
from opencode_local.provider.aws import Account
from tests.local.access.declared_site import TABLE, Denials, Site, running
from tests.local.access.guarded import Clock, guarded

account_ids = count(231_000_000_000)
IN_REGION, ON_MANTLE = "gpt-oss-20b", "kimi-k2.5"
IN_US, EVERYWHERE = "nova-micro", "global.amazon.nova-2-lite-v1:0"
"""Models that the catalogue leads to the region itself, to bedrock-mantle, and through each kind of profile."""
Feature = Callable[[Site], Awaitable[str]]
"""Uses it: an empty text when it works, else what its user is told."""


@pytest.fixture(scope="module")
async def site(aws: EmbeddedAws, aws_clock: Clock, issuer: Issuer) -> AsyncIterator[Site]:
    denials = Denials()
    account = Account(aws.url, str(next(account_ids)))
    async with guarded(account, aws_clock, on_denial=denials) as around, running(around, denials, issuer) as started:
        yield started


def told(answer: tuple[int, Any], *, wanted: int = 200) -> str:
    status, body = answer
    return "" if status == wanted else f"{status} {body}"


def chat(model: str) -> Feature:
    async def feature(site: Site) -> str:
        return told(await site.chat(model))

    return feature


async def a_key_is_made(site: Site) -> str:
    status, body = await site.ask("POST", "/v1/api-keys")
    if status == 201:
        await site.ask("DELETE", f"/v1/api-keys/{body['key_prefix']}")
    return told((status, body), wanted=201)


async def keys_are_listed(site: Site) -> str:
    return told(await site.ask("GET", "/v1/api-keys"))


async def usage_is_recorded(site: Site) -> str:
    """The caller is answered whatever becomes of the record, which is kept until the table takes it."""
    await site.gateway.ledger.flush()
    site.denials.all.clear()
    assert told(await site.chat(IN_REGION)) == ""
    written = asyncio.create_task(site.gateway.ledger.flush())
    denied = asyncio.create_task(site.denials.of(["dynamodb:BatchWriteItem"]))
    await asyncio.wait({written, denied}, return_when=asyncio.FIRST_COMPLETED)
    is_written = written.done()
    for waiting in (written, denied):
        waiting.cancel()
    await asyncio.gather(written, denied, return_exceptions=True)
    return "" if is_written else "usage records not written"


async def usage_is_shown(site: Site) -> str:
    return told(await site.ask("GET", "/v1/usage"))


async def a_release_is_downloaded(site: Site) -> str:
    """The address is signed in the task's name, so the task's role decides what it opens."""
    bucket = site.graph.outputs["releases_bucket"]
    site.aws.admin("s3").put_object(Bucket=bucket, Key="releases/latest/opencode-installer.zip", Body=b"zip")
    answered = await site.ask("GET", "/v1/update/download-url")
    if failure := told(answered):
        return failure
    async with aiohttp.ClientSession() as anyone, anyone.get(answered[1]["download_url"]) as downloaded:
        return told((downloaded.status, await downloaded.text()))


def direct(who: str, service: str, operation: str, params: Callable[[Site], Mapping[str, Any]]) -> Feature:
    """A call of code in the task, or of ECS, for what no route of the router does."""

    async def feature(site: Site) -> str:
        caller = site.task if who == "task" else site.agent
        try:
            await caller.call(service, operation, **params(site))
        except ClientError as error:
            return str(error)
        return ""

    return feature


def counters(site: Site) -> Mapping[str, Any]:
    table = next(one for one in site.graph.all(TABLE) if "counters" in one.outputs["name"])
    keys = {one["name"]: one["type"] for one in table.inputs["attributes"]}
    named = [table.inputs["hashKey"], *([table.inputs["rangeKey"]] if table.inputs.get("rangeKey") else [])]
    return {"TableName": table.outputs["name"], "Key": {name: {keys[name]: "1"} for name in named}}


def image(site: Site) -> Mapping[str, Any]:
    name = site.graph.one("aws:ecr/repository:Repository").outputs["name"]
    return {"repositoryName": name, "imageIds": [{"imageTag": "none"}]}


def log_stream(site: Site) -> Mapping[str, Any]:
    (write,) = (one for key, one in site.statements.items() if key.endswith("/WriteLog"))
    group, _, stream = write.statement["Resource"].partition("log-group:")[2].partition(":log-stream:")
    return {"logGroupName": group, "logStreamName": stream.replace("*", f"router/{next(account_ids)}")}


FEATURES: Mapping[str, Feature] = {
    "dev-api-task/ModelsInThisRegion": chat(IN_REGION),
    "dev-api-task/ModelsOnMantle": chat(ON_MANTLE),
    "dev-api-task/BearerTokens": chat(IN_REGION),
    "dev-api-task/Keys": a_key_is_made,
    "dev-api-task/KeysOfCaller": keys_are_listed,
    "dev-api-task/Usage": usage_is_recorded,
    "dev-api-task/UsageOfCaller": usage_is_shown,
    "dev-api-task/Counters": direct("task", "dynamodb", "get_item", counters),
    "dev-api-task/CustomerKey": a_key_is_made,
    "dev-api-task/Releases": a_release_is_downloaded,
    "dev-api-profiles-us/InferenceProfiles": chat(IN_US),
    "dev-api-profiles-global/InferenceProfiles": chat(EVERYWHERE),
    "dev-api-elsewhere/ModelsThroughProfiles": chat(IN_US),
    "dev-api-start/SignInToRegistry": direct("ecs", "ecr", "get_authorization_token", lambda _site: {}),
    "dev-api-start/PullImage": direct("ecs", "ecr", "batch_get_image", image),
    "dev-api-start/WriteLog": direct("ecs", "logs", "create_log_stream", log_stream),
}
"""By policy and statement: what the statement is for."""


def test_every_statement_that_the_program_declares_is_for_a_feature(site: Site) -> None:
    assert site.statements.keys() == FEATURES.keys()


@pytest.mark.parametrize("key", FEATURES)
async def test_without_one_statement_its_feature_fails_and_says_why(site: Site, key: str) -> None:
    declared, feature = site.statements[key], FEATURES[key]
    iam = site.aws.admin("iam")
    assert await feature(site) == "", "it works with all statements"
    site.denials.all.clear()

    with declared.removed(iam):
        failure = await feature(site)
        denial = await site.denials.of(declared.statement["Action"])

    assert failure
    assert "is not authorized to perform: " in denial
    assert "because no identity-based policy allows the " in denial
    assert await feature(site) == "", "it works again at once"
