"""How a client comes to a newer one: an address for a few minutes, for verified callers of any version alone."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiobotocore.credentials import AioCredentials, AioRefreshableCredentials
from yarl import URL

from opencode_local.aws import EmbeddedAws
from opencode_local.provider.aws import Account
from opencode_router.errors import Unavailable
from opencode_router.releases.bucket import bucket_url
from opencode_router.releases.downloads import Downloads
from opencode_router.settings import SettingError, Settings
from tests.local.access.guarded import Clock, allow, guarded
from tests.router.running import Router, World, client_config, running_router
from tests.router.test_settings import NEEDED

DOWNLOAD_URL, CONFIG = "/v1/update/download-url", "/v1/update/config"
ROUTES = (DOWNLOAD_URL, CONFIG)
BUCKET = "gateway-releases-of-tasks"
WHEEL = "opencode_auth-1.10.2-py3-none-any.whl"
INSTALLER = "releases/latest/opencode-installer.zip"
OBJECTS = {f"releases/1.10.2/{WHEEL}": b"a wheel", INSTALLER: b"an installer", "releases/manifest.json": b"{}"}
DOWNLOADS_URL = "https://downloads.example.com"


@pytest.fixture(scope="module")
def aws_clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture(scope="module")
async def releasing(world: World, aws: EmbeddedAws, aws_clock: Clock) -> AsyncIterator[Router]:
    """A gateway with the role of a task, which may read releases and nothing else, at an AWS that checks signatures."""
    async with guarded(Account(aws.url), aws_clock) as strict, AsyncExitStack() as opened:
        s3 = strict.admin("s3")
        s3.create_bucket(Bucket=BUCKET)
        for key, body in OBJECTS.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        role_arn = strict.role(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/releases/*"))
        variables = strict.credentials.environment(role_arn, source_arn=strict.arn("ecs", "task/gateway/1"), name="1")
        with pytest.MonkeyPatch.context() as environment:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                environment.delenv(name)
            for name, value in variables.items():
                environment.setenv(name, value)
            minimum = Settings.load({**NEEDED, "MINIMUM_CLIENT": "1.4.0"}).minimum_client
            place = {"releases_bucket": BUCKET, "aws_endpoint_url_s3": strict.endpoint.url}
            running = await opened.enter_async_context(running_router(world, minimum_client=minimum, **place))
        yield running


async def asked(
    router: Router, credential: Mapping[str, str], path: str = DOWNLOAD_URL, **query: str
) -> tuple[int, dict[str, Any]]:
    async with router.client.get(path, params=query, headers=credential) as response:
        return response.status, dict(await response.json())


async def address(router: Router, jwt: str, **query: str) -> str:
    status, answer = await asked(router, {"Authorization": f"Bearer {jwt}"}, **query)
    assert status == 200, answer
    return str(answer["download_url"])


async def fetched(router: Router, url: str) -> tuple[int, bytes]:
    """By the address alone, to the letter."""
    async with router.client.get(URL(url, encoded=True)) as response:
        return response.status, await response.read()


UNVERIFIED: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "any text": {"Authorization": "Bearer hello"},
    "a token without a signature": {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."},
    "a token of somebody else's": {"Authorization": "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.Zm9yZ2Vk"},
    "a key that nobody has made": {"X-API-Key": f"oc_{'x' * 43}"},
}


@pytest.mark.parametrize("credential", UNVERIFIED.values(), ids=UNVERIFIED)
@pytest.mark.parametrize("path", ROUTES)
async def test_without_a_credential_that_holds_nobody_gets_an_address_or_settings(
    releasing: Router, path: str, credential: Mapping[str, str]
) -> None:
    status, answer = await asked(releasing, {**credential, "User-Agent": "opencode-auth/1.10.2"}, path)

    assert (status, sorted(answer)) == (401, ["error", "request_id"])


async def test_callers_get_the_bytes_of_a_release_by_an_address_of_five_minutes(
    releasing: Router, jwt: str, api_key: str
) -> None:
    for credential in ({"Authorization": f"Bearer {jwt}"}, {"X-API-Key": api_key}):
        status, answer = await asked(releasing, credential, version="1.10.2", name=WHEEL)
        assert (status, sorted(answer), answer["expires_in"]) == (200, ["download_url", "expires_in"], 300)
        assert await fetched(releasing, answer["download_url"]) == (200, b"a wheel")


async def test_a_browser_saves_what_an_address_leads_to_and_nobody_keeps_the_address(
    releasing: Router, jwt: str
) -> None:
    async with releasing.client.get(DOWNLOAD_URL, headers={"Authorization": f"Bearer {jwt}"}) as response:
        answer = await response.json()
        assert response.headers["Cache-Control"] == "no-store"
    async with releasing.client.get(URL(answer["download_url"], encoded=True)) as response:
        assert response.headers["Content-Disposition"] == "attachment"


async def test_clients_of_the_sample_gateway_get_its_installer(releasing: Router, jwt: str) -> None:
    assert await fetched(releasing, await address(releasing, jwt)) == (200, b"an installer")
    assert await fetched(releasing, await address(releasing, jwt, platform="linux")) == (200, b"an installer")


async def test_an_address_ends_after_five_minutes(releasing: Router, jwt: str, aws_clock: Clock) -> None:
    url = await address(releasing, jwt)
    try:
        aws_clock.advance(timedelta(seconds=290))
        before, _ = await fetched(releasing, url)
        aws_clock.advance(timedelta(seconds=11))
        after, reason = await fetched(releasing, url)
    finally:
        aws_clock.back()

    assert (before, after) == (200, 403)
    assert b"Request has expired" in reason


@pytest.mark.parametrize(
    ("part", "other"),
    [
        (INSTALLER, f"releases/1.10.2/{WHEEL}"),
        (INSTALLER, "releases/manifest.json"),
        ("X-Amz-Expires=300", "X-Amz-Expires=86400"),
        ("disposition=attachment", "disposition=inline"),
    ],
)
async def test_an_address_leads_to_nothing_else_and_lives_no_longer_than_it_was_made_for(
    releasing: Router, jwt: str, part: str, other: str
) -> None:
    url = await address(releasing, jwt)
    assert part in url

    status, _ = await fetched(releasing, url.replace(part, other))

    assert status == 403


FAULTS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "a version alone": ({"version": "1.10.2"}, "name"),
    "a name alone": ({"name": WHEEL}, "version"),
    "two numbers": ({"version": "1.10", "name": WHEEL}, "version"),
    "a letter in front": ({"version": "v1.10.2", "name": WHEEL}, "version"),
    "a release candidate": ({"version": "1.10.2-rc.1", "name": WHEEL}, "version"),
    "a number with a zero in front": ({"version": "1.010.2", "name": WHEEL}, "version"),
    "a line feed": ({"version": "1.10.2\n", "name": WHEEL}, "version"),
    "digits of another script": ({"version": "1.10.٢", "name": WHEEL}, "version"),
    "a way out of the folder": ({"version": "..", "name": "manifest.json"}, "version"),
    "nothing": ({"version": "", "name": ""}, "version"),
    "a way up": ({"version": "1.10.2", "name": "../manifest.json"}, "name"),
    "a slash": ({"version": "1.10.2", "name": "a/b"}, "name"),
    "a query": ({"version": "1.10.2", "name": "a?versionId=1"}, "name"),
    "a hidden file": ({"version": "1.10.2", "name": ".netrc"}, "name"),
    "a name that is too long": ({"version": "1.10.2", "name": "a" * 129}, "name"),
    "a name with a line feed": ({"version": "1.10.2", "name": f"{WHEEL}\n"}, "name"),
}


@pytest.mark.parametrize(("query", "field"), FAULTS.values(), ids=FAULTS)
async def test_what_is_no_release_is_refused_with_the_field_at_fault(
    releasing: Router, jwt: str, query: Mapping[str, str], field: str
) -> None:
    credential = {"Authorization": f"Bearer {jwt}"}
    status, answer = await asked(releasing, credential, **query)
    assert (status, answer["error"]["code"], answer["error"]["param"]) == (400, "invalid_request", field)

    status, answer = await asked(releasing, {**credential, "anthropic-version": "2023-06-01"}, **query)
    assert (status, answer["error"]["type"]) == (400, "invalid_request_error")
    assert answer["error"]["message"].startswith(f"{field}: ")


OUTDATED = ({"User-Agent": "opencode-auth/1.3.9"}, {"X-Client-Version": "1.0.0"}, {"X-Client-Version": "v0.9.1"})


@pytest.mark.parametrize("client", OUTDATED, ids=str)
async def test_a_client_that_is_too_old_for_everything_else_is_told_how_to_update_and_can(
    releasing: Router, jwt: str, client: Mapping[str, str]
) -> None:
    headers = {"Authorization": f"Bearer {jwt}", **client}

    status, answer = await asked(releasing, headers, "/v1/models")
    assert status == 426
    assert "run: opencode-auth update" in answer["error"]["message"]
    for path in ROUTES:
        status, answer = await asked(releasing, headers, path)
        assert status == 200, answer


async def test_clients_of_the_sample_gateway_are_led_to_this_one_in_their_own_words(world: World, jwt: str) -> None:
    known = client_config(world.issuer, "https://ai.example.com/")
    announcing = msgspec.structs.replace(known, downloads_url=DOWNLOADS_URL)
    expected = {"client_id": known.client_id, "api_endpoint": "https://ai.example.com/v1", "issuer": known.issuer}
    credential, query = {"Authorization": f"Bearer {jwt}"}, {"since_version": "3"}
    for config, own in (
        (announcing, {**expected, "version_check_url": f"{DOWNLOADS_URL}/version.json"}),
        (known, expected),
    ):
        async with running_router(world, client_config=config) as router:
            status, answer = await asked(router, credential, CONFIG, **query)
        assert (status, answer) == (200, {"config_version": 0, "patches": {"config.json": {"set": own}}})

    async with running_router(world, client_config=None) as mute:
        assert await asked(mute, credential, CONFIG) == (200, {"config_version": 0, "patches": {}})


async def test_a_gateway_without_releases_says_so_but_only_to_callers(world: World, jwt: str) -> None:
    async with running_router(world, releases_bucket=None) as router:
        for path in ROUTES:
            assert (await asked(router, {}, path))[0] == 401
            status, answer = await asked(router, {"Authorization": f"Bearer {jwt}"}, path)
            assert (status, answer["error"]["code"]) == (404, "not_found")
            assert "RELEASES_BUCKET" in answer["error"]["message"]


async def test_the_log_says_that_an_address_was_given_and_never_which(
    releasing: Router, jwt: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        url = await address(releasing, jwt, version="1.10.2", name=WHEEL)

    (line,) = (vars(record) for record in caplog.records if record.message == "response")
    assert (line["route"], line["method"], line["status"]) == (DOWNLOAD_URL, "GET", 200)
    told = [str(vars(record)) for record in caplog.records]
    assert not [text for text in told if url in text or "X-Amz-Signature" in text or BUCKET in text]


def ending(within_s: int) -> AioRefreshableCredentials:
    """Credentials of a role that cannot be renewed any more."""

    async def same() -> dict[str, str]:
        return {
            "access_key": "ASIAENDING",
            "secret_key": "secret",
            "token": "token",
            "expiry_time": (datetime.now(UTC) + timedelta(seconds=within_s)).isoformat(),
        }

    ends_at = datetime.now(UTC) + timedelta(seconds=within_s)
    return AioRefreshableCredentials("ASIAENDING", "secret", "token", ends_at, same, "container-role")


@pytest.mark.parametrize(("within_s", "life_s"), [(3600, 300), (330, 300), (270, 60), (90, 60)])
async def test_an_address_is_never_promised_for_longer_than_its_credentials_live(within_s: int, life_s: int) -> None:
    download = await downloads(ending(within_s)).download(INSTALLER)

    assert download.life_s == life_s
    assert f"X-Amz-Expires={life_s}&" in download.url
    assert "X-Amz" not in repr(download)


@pytest.mark.parametrize("credentials", [None, ending(30)], ids=["none", "about to end"])
async def test_without_credentials_that_last_the_gateway_is_unavailable(credentials: AioCredentials | None) -> None:
    with pytest.raises(Unavailable, match="without AWS credentials"):
        await downloads(credentials).download(INSTALLER)


def downloads(credentials: AioCredentials | None) -> Downloads:
    return Downloads(bucket_url=bucket_url(BUCKET, "eu-west-1", None), region="eu-west-1", credentials=credentials)


@pytest.mark.parametrize(
    ("region", "endpoint_url", "expected"),
    [
        ("us-east-1", None, "https://releases.s3.us-east-1.amazonaws.com"),
        ("us-gov-west-1", None, "https://releases.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", None, "https://releases.s3.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", None, "https://releases.s3.eusc-de-east-1.amazonaws.eu"),
        ("us-east-1", "http://127.0.0.1:5000", "http://127.0.0.1:5000/releases"),
    ],
)
def test_the_bucket_is_found_where_its_region_is(region: str, endpoint_url: str | None, expected: str) -> None:
    assert bucket_url("releases", region, endpoint_url) == expected


@pytest.mark.parametrize("name", ["Releases", "re", "my.releases", "releases/", "-releases", "a" * 64, "a b"])
def test_a_bucket_that_cannot_be_stops_the_start(name: str) -> None:
    with pytest.raises(SettingError, match=r"RELEASES_BUCKET=.*lower-case letters.*; for example RELEASES_BUCKET="):
        Settings.load({**NEEDED, "RELEASES_BUCKET": name})


async def test_another_endpoint_of_aws_is_used_for_downloads_and_one_for_s3_alone_goes_before_it(
    world: World, jwt: str
) -> None:
    everywhere = Settings.load({**NEEDED, "AWS_ENDPOINT_URL": "http://127.0.0.1:5000/"}).aws_endpoint_url
    for s3, expected in ((None, "http://127.0.0.1:5000/own/"), ("http://127.0.0.1:9000", "http://127.0.0.1:9000/own/")):
        places = {"aws_endpoint_url": everywhere, "aws_endpoint_url_s3": s3, "releases_bucket": "own"}
        async with running_router(world, **places) as router:
            assert (await address(router, jwt)).startswith(expected)
