"""Least privilege by use: with its declared roles the router does all that it can do, and without any one of their
statements the feature that the statement is for fails, and says why. So do the functions of shared sessions, without
any one action.
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
from tests.local.access.declared_sharing import FUNCTIONS, WATCHER, DeclaredSharing, role_of
from tests.local.access.declared_site import TABLE, Declared, Denials, Site, declared, running
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


Use = Callable[[DeclaredSharing], str]
"""An empty text when what is tried works, else what becomes of it."""


def who_may_not_watch_any_more_is_forgotten(sharing: DeclaredSharing) -> str:
    sharing.watched()
    sharing.change(visibility="link")
    return "who watches is still known" if sharing.watchers() else ""


def heard(sharing: DeclaredSharing, method: str, act: Callable[[], object]) -> str:
    sharing.watched()
    act()
    return "" if (method, WATCHER) in sharing.commands.heard else "who watches was not told"


def a_share_is_deleted_with_its_batches_and_snapshots(sharing: DeclaredSharing) -> str:
    share = sharing.made()
    sharing.synchronise(share)
    sharing.ask("PATCH", f"/api/shares/{share['id']}", {"expires_in_hours": 3})
    sharing.synchronise(share)
    return told(sharing.ask("DELETE", f"/api/share/{share['id']}", {"secret": share["secret"]}))


def shares_are_made(sharing: DeclaredSharing) -> str:
    return told(sharing.ask("POST", "/api/share", {"sessionID": "ses_1"}))


def shares_are_read(sharing: DeclaredSharing) -> str:
    """From a snapshot and a batch after it."""
    sharing.synchronise(sharing.share)
    return told(sharing.ask("GET", f"/api/share/{sharing.share['id']}/data"))


def shares_are_listed(sharing: DeclaredSharing, **query: str) -> str:
    return told(sharing.ask("GET", "/api/shares", **query))


def shares_are_extended(sharing: DeclaredSharing) -> str:
    return told(sharing.change(expires_in_hours=2))


def shares_are_shown(sharing: DeclaredSharing) -> str:
    """From a snapshot and a batch after it, and not from what the function remembers."""
    sharing.synchronise(sharing.share)
    return told(sharing.state())


def who_watches_is_admitted(sharing: DeclaredSharing) -> str:
    return told((sharing.connect(), None))


def who_has_left_is_forgotten(sharing: DeclaredSharing) -> str:
    sharing.watched()
    sharing.disconnect()
    return "who has left is still known" if sharing.watchers() else ""


def logging(function: str) -> Use:
    def use(sharing: DeclaredSharing) -> str:
        site = sharing.site
        group = site.graph.one("aws:cloudwatch/logGroup:LogGroup", function).outputs["name"]
        names = {"logGroupName": group, "logStreamName": f"stream/{next(account_ids)}"}
        client = sharing.callers[function].client("logs")
        try:
            client.create_log_stream(**names)
            client.put_log_events(**names, logEvents=[{"timestamp": 1_795_262_400_000, "message": "said"}])
        except ClientError as error:
            return str(error)
        return ""

    return use


WRITER, VIEWER, DOORKEEPER = FUNCTIONS
USES: Mapping[str, Use] = {
    f"{WRITER}/Shares dynamodb:GetItem": shares_are_read,
    f"{WRITER}/Shares dynamodb:PutItem": shares_are_made,
    f"{WRITER}/Shares dynamodb:UpdateItem": shares_are_extended,
    f"{WRITER}/Shares dynamodb:DeleteItem": who_may_not_watch_any_more_is_forgotten,
    f"{WRITER}/Shares dynamodb:BatchWriteItem": a_share_is_deleted_with_its_batches_and_snapshots,
    f"{WRITER}/Shares dynamodb:Query": shares_are_read,
    f"{WRITER}/SharesOfOwner dynamodb:Query": shares_are_listed,
    f"{WRITER}/SharesOfOwner dynamodb:Scan": lambda sharing: shares_are_listed(sharing, all="1"),
    f"{WRITER}/Snapshots s3:GetObject": shares_are_read,
    f"{WRITER}/Snapshots s3:PutObject": shares_are_extended,
    f"{WRITER}/Snapshots s3:PutObjectTagging": shares_are_extended,
    f"{WRITER}/Snapshots s3:DeleteObject": a_share_is_deleted_with_its_batches_and_snapshots,
    f"{WRITER}/Snapshots s3:DeleteObjectVersion": a_share_is_deleted_with_its_batches_and_snapshots,
    f"{WRITER}/VersionsOfSnapshots s3:ListBucketVersions": a_share_is_deleted_with_its_batches_and_snapshots,
    f"{WRITER}/LivePost execute-api:ManageConnections": lambda sharing: heard(
        sharing, "POST", lambda: sharing.synchronise(sharing.share)
    ),
    f"{WRITER}/LiveDelete execute-api:ManageConnections": lambda sharing: heard(
        sharing, "DELETE", lambda: sharing.change(visibility="link")
    ),
    f"{VIEWER}/Shares dynamodb:GetItem": shares_are_shown,
    f"{VIEWER}/Shares dynamodb:Query": shares_are_shown,
    f"{VIEWER}/Tickets dynamodb:PutItem": shares_are_shown,
    f"{VIEWER}/Snapshots s3:GetObject": shares_are_shown,
    f"{DOORKEEPER}/Shares dynamodb:GetItem": who_watches_is_admitted,
    f"{DOORKEEPER}/Tickets dynamodb:DeleteItem": who_watches_is_admitted,
    f"{DOORKEEPER}/Connections dynamodb:PutItem": who_watches_is_admitted,
    f"{DOORKEEPER}/Connections dynamodb:DeleteItem": who_has_left_is_forgotten,
    f"{WRITER}/CustomerKey": shares_are_read,
    f"{VIEWER}/CustomerKey": shares_are_shown,
    f"{DOORKEEPER}/CustomerKey": who_watches_is_admitted,
    **{
        f"{function}-log/WriteLog logs:{action}": logging(function)
        for function in FUNCTIONS
        for action in ("CreateLogStream", "PutLogEvents")
    },
}
"""By policy, statement and action: what the action is for. What DynamoDB does with a key it does all at once."""


@pytest.fixture(scope="module")
async def sharing(site: Site) -> DeclaredSharing:
    return await asyncio.to_thread(DeclaredSharing, site)


def statements_of_sharing(site: Site) -> Mapping[str, Declared]:
    roles = [role_of(site.graph, name).outputs["arn"] for name in FUNCTIONS]
    return {one.key: one for role_arn in roles for one in declared(site.graph, role_arn)}


def test_every_action_of_the_functions_of_shared_sessions_is_for_a_use(site: Site) -> None:
    actions = {key: one.statement["Action"] for key, one in statements_of_sharing(site).items()}
    whole = actions.keys() & USES.keys()
    each = {f"{key} {action}" for key in actions.keys() - whole for action in actions[key]}

    assert whole | each == USES.keys()


@pytest.mark.parametrize("key", USES)
async def test_without_one_action_shared_sessions_lack_what_it_is_for(
    site: Site, sharing: DeclaredSharing, key: str
) -> None:
    name, _, action = key.partition(" ")
    statement, use = statements_of_sharing(site)[name], USES[key]
    removed = [action] if action else statement.statement["Action"]
    assert await asyncio.to_thread(use, sharing) == "", "it works with all actions"
    site.denials.all.clear()

    with statement.removed(site.aws.admin("iam"), action=action):
        assert await asyncio.to_thread(use, sharing)
        assert "no identity-based policy allows the " in await site.denials.of(removed)
