"""Requests that are not authentic, and how each protocol of AWS says so.

Source: IAM user guide, "Troubleshoot Signature Version 4 signing for AWS API requests"; "Common errors" of the
services' API references (read 2026-11-21).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import aiohttp
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from yarl import URL

from tests.local.access.guarded import REGION, Caller, Clock, Guarded, allow

BUCKET = "local-access-signatures"
JSON = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
TOPICS = "Action=ListTopics&Version=2010-03-31"
Change = Callable[[dict[str, str]], Mapping[str, str]]


@pytest.fixture(scope="module")
def caller(aws_of_tasks: Guarded) -> Caller:
    aws_of_tasks.admin("s3").create_bucket(Bucket=BUCKET)
    return aws_of_tasks.caller(allow("*", "*"))


def signed(caller: Caller, url: str, service: str, body: str, headers: Mapping[str, str]) -> dict[str, str]:
    session = caller.session
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    request = AWSRequest("POST", url, data=body, headers=dict(headers))
    SigV4Auth(credentials, service, REGION).add_auth(request)
    return dict(request.headers.items())


async def posted(url: str, body: str, headers: Mapping[str, str]) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.post(url, data=body, headers=headers) as response:
        return response.status, await response.text()


def unsigned(headers: dict[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name != "Authorization"}


def malformed(headers: dict[str, str]) -> Mapping[str, str]:
    return {**headers, "Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c"}


def scoped_to_nothing(headers: dict[str, str]) -> Mapping[str, str]:
    return {**headers, "Authorization": headers["Authorization"].replace("/aws4_request", "")}


def by_a_stranger(headers: dict[str, str]) -> Mapping[str, str]:
    return {**headers, "Authorization": re.sub("Credential=[^/]+", "Credential=AKIAI", headers["Authorization"])}


def without_its_token(headers: dict[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in headers.items() if name != "X-Amz-Security-Token"}


def otherwise_signed(headers: dict[str, str]) -> Mapping[str, str]:
    return {**headers, "Authorization": headers["Authorization"][:-64] + "f" * 64}


def of_yesterday(headers: dict[str, str]) -> Mapping[str, str]:
    old, new = f"{datetime.now(UTC):%Y%m%d}", f"{datetime.now(UTC) - timedelta(days=1):%Y%m%d}"
    return {name: value.replace(old, new) for name, value in headers.items()}


def with_another_operation(headers: dict[str, str]) -> Mapping[str, str]:
    return {name: value.replace("ListTables", "DescribeLimits") for name, value in headers.items()}


CHANGES: tuple[tuple[Change, str, str], ...] = (
    (unsigned, "MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    (malformed, "IncompleteSignatureException", "IncompleteSignature"),
    (scoped_to_nothing, "IncompleteSignatureException", "IncompleteSignature"),
    (by_a_stranger, "UnrecognizedClientException", "InvalidClientTokenId"),
    (without_its_token, "UnrecognizedClientException", "InvalidClientTokenId"),
    (otherwise_signed, "InvalidSignatureException", "SignatureDoesNotMatch"),
    (of_yesterday, "InvalidSignatureException", "SignatureDoesNotMatch"),
)


@pytest.mark.parametrize(("change", "json_code", "query_code"), CHANGES)
async def test_a_request_that_is_not_authentic_is_refused_in_the_services_protocol(
    aws_of_tasks: Guarded, caller: Caller, change: Change, json_code: str, query_code: str
) -> None:
    url = f"{aws_of_tasks.endpoint.url}/"

    status, text = await posted(url, "{}", change(signed(caller, url, "dynamodb", "{}", JSON)))
    assert (status, f'"__type": "com.amazon.coral.service#{json_code}"' in text) == (400, True), text

    status, text = await posted(url, TOPICS, change(signed(caller, url, "sns", TOPICS, FORM)))
    assert (status, f"<Code>{query_code}</Code>" in text) == (403, True), text


async def test_neither_body_nor_signed_headers_nor_path_may_be_changed(aws_of_tasks: Guarded, caller: Caller) -> None:
    url = f"{aws_of_tasks.endpoint.url}/"
    headers = signed(caller, url, "dynamodb", "{}", JSON)

    answers = [
        await posted(url, "{}", headers),
        await posted(url, '{"Limit": 1}', headers),
        await posted(url, "{}", with_another_operation(headers)),
        await posted(f"{url}other", "{}", headers),
        await posted(f"{url}?x=1", "{}", headers),
    ]

    assert [status for status, _ in answers] == [200, 400, 400, 400, 400]
    assert all("InvalidSignatureException" in text for _, text in answers[1:])


async def test_a_presigned_url_opens_one_object_for_its_life(aws_of_tasks: Guarded, caller: Caller) -> None:
    aws_of_tasks.admin("s3").put_object(Bucket=BUCKET, Key="in/a b+c.txt", Body=b"content")
    client = caller.client("s3", config=Config(signature_version="s3v4"))
    params = {"Bucket": BUCKET, "Key": "in/a b+c.txt"}
    url = client.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
    other = url.replace("a%20b", "other")
    client.close()

    answers = [await asked("GET", url), await asked("GET", other), await asked("DELETE", url)]

    assert answers[0] == (200, "content")
    assert [(status, "<Code>SignatureDoesNotMatch</Code>" in text) for status, text in answers[1:]] == [(403, True)] * 2


async def asked(method: str, url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """With the URL as it is: signed paths must not be encoded anew."""
    async with (
        aiohttp.ClientSession() as client,
        client.request(method, URL(url, encoded=True), headers=headers) as response,
    ):
        return response.status, await response.text()


async def test_a_presigned_url_ends_with_its_life(aws_of_tasks: Guarded, aws_clock: Clock, caller: Caller) -> None:
    client = caller.client("s3", config=Config(signature_version="s3v4"))
    url = client.generate_presigned_url("list_buckets", ExpiresIn=60)
    client.close()
    aws_clock.advance(timedelta(seconds=61))

    status, text = await asked("GET", url)
    aws_clock.back()

    assert status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in text


@pytest.mark.parametrize("key", ["plain", "a b/c+d=e&f", "ünï/çode", "tilde~dots.../x", "percent%20"])
async def test_names_of_objects_are_signed_as_s3_encodes_them(aws_of_tasks: Guarded, caller: Caller, key: str) -> None:
    await caller.call("s3", "put_object", Bucket=BUCKET, Key=key, Body=key.encode())

    found = await caller.call("s3", "get_object", Bucket=BUCKET, Key=key)

    assert found["Body"].read() == key.encode()


async def test_a_signature_says_which_service_a_request_is_for(aws_of_tasks: Guarded) -> None:
    """Else one that may do nothing could ask one service in the name of another."""
    caller = aws_of_tasks.caller()
    url = f"{aws_of_tasks.endpoint.url}/{BUCKET}/in/a?Action=GetCallerIdentity&Version=2011-06-15"
    session = caller.session
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    request = AWSRequest("GET", url)
    SigV4Auth(credentials, "sts", REGION).add_auth(request)

    _, text = await asked("GET", url, dict(request.headers.items()))

    assert "content" not in text


async def test_the_embedded_aws_cannot_be_reset_through_the_guarded_one(aws_of_tasks: Guarded, caller: Caller) -> None:
    url = f"{aws_of_tasks.endpoint.url}/moto-api/reset"
    session = caller.session
    credentials = Credentials(session.access_key_id, session.secret_access_key, session.session_token)
    request = AWSRequest("POST", url, data="", headers={"X-Amz-Content-SHA256": sha256(b"").hexdigest()})
    S3SigV4Auth(credentials, "s3", REGION).add_auth(request)

    status, text = await posted(url, "", dict(request.headers.items()))

    assert status == 403
    assert "is no path of AWS" in text


async def test_an_unknown_service_is_denied(aws_of_tasks: Guarded, caller: Caller) -> None:
    url = f"{aws_of_tasks.endpoint.url}/"

    status, text = await posted(url, "{}", signed(caller, url, "quantum", "{}", {}))

    assert status == 403
    assert "the local AWS does not know the service 'quantum'" in text


async def test_the_administrators_own_keys_are_not_for_tasks(aws_of_tasks: Guarded, caller: Caller) -> None:
    stranger = Caller(
        aws_of_tasks.endpoint.url,
        replace(caller.session, access_key_id="AKIALOCALGATEWAY", secret_access_key="local-gateway", session_token=""),
        "x",
    )
    _, code, _ = await stranger.refusal("sqs", "list_queues")
    stranger.close()

    assert code == "UnrecognizedClient"
