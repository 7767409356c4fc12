"""What a caller has used: their own records alone, by whatever credential, summed over days, models or keys."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from opencode_local.issuer import Issuer
from opencode_router.usage.history import MAX_PAGES
from opencode_router.usage.record import UsageRecord
from opencode_router.usage.tokens import Tokens
from tests.router.running import Router, World, running_router
from tests.router.test_ledger import RECORD

CHAT = {"model": "nova-2-lite", "messages": [{"role": "user", "content": "say 5 words"}]}
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
NUMBERS = count(1)
Credential = Mapping[str, str]
Json = dict[str, Any]


@pytest.fixture
def people(issuer: Issuer) -> Iterator[str]:
    """Subjects that nobody had before."""
    return (f"usage-{number}-ada" for number in NUMBERS)


@pytest.fixture
def ada(people: Iterator[str]) -> str:
    return next(people)


@pytest.fixture
def as_person(issuer: Issuer, ada: str) -> Credential:
    return bearer(issuer, ada)


def bearer(issuer: Issuer, sub: str) -> Credential:
    return {"Authorization": f"Bearer {issuer.token('ada', sub=sub, email=f'{sub}@example.com')}"}


async def asked(router: Router, credential: Credential, **query: str) -> tuple[int, Json]:
    async with router.client.get("/v1/usage", params=query, headers=credential) as response:
        return response.status, await response.json()


async def told(router: Router, credential: Credential, **query: str) -> Json:
    status, report = await asked(router, credential, **query)
    assert status == 200, report
    return report


async def ask_model(router: Router, credential: Credential) -> str:
    async with router.client.post("/v1/chat/completions", json=CHAT, headers=credential) as response:
        assert response.status == 200, await response.text()
        return response.headers["x-request-id"]


async def new_key(router: Router, credential: Credential) -> Credential:
    async with router.client.post("/v1/api-keys", headers=credential) as response:
        assert response.status == 201
        return {"X-API-Key": (await response.json())["key"]}


async def recorded(router: Router, caller: str, *changes: Mapping[str, Any]) -> None:
    """One record of the caller for each, written as the router writes them."""
    for each in changes:
        record: UsageRecord = msgspec.structs.replace(
            RECORD, **{"request_id": f"req_usage_{next(NUMBERS)}", "caller": caller, **each}
        )
        router.gateway.ledger.record(record)
    await router.gateway.ledger.flush()


def at(day: int, second: int = 0) -> str:
    return datetime(2026, 11, day, 10, 0, second, tzinfo=UTC).isoformat(timespec="milliseconds")


def by_name(report: Json, member: str) -> dict[str | None, Any]:
    return {group["name"]: group[member] for group in report["data"]}


async def test_a_person_sees_what_their_token_and_their_keys_have_used_with_any_of_them(
    router: Router, as_person: Credential
) -> None:
    key = await new_key(router, as_person)
    records = [await router.usage(await ask_model(router, who)) for who in (as_person, key, key)]

    reports = [await told(router, credential, by="key") for credential in (as_person, key)]

    assert reports[0] == reports[1]
    assert by_name(reports[0], "requests") == {None: 1, key["X-API-Key"][:10]: 2}
    total = reports[0]["total"]
    assert total["input_tokens"] == sum(record["input_tokens"] for record in records) > 0
    assert total["output_tokens"] == sum(record["output_tokens"] for record in records) > 0
    assert total["cost_usd"] == f"{sum(record['cost_micro_usd'] for record in records) / 1_000_000:.6f}"
    assert total["cost_usd"] != "0.000000"


async def test_nobody_sees_what_another_has_used(router: Router, issuer: Issuer, people: Iterator[str]) -> None:
    """Not even one whose subject begins like the other's."""
    ada = next(people)
    others = [ada[:-1], f"{ada}0", f"{ada} ", ada.upper()]
    await recorded(router, ada, {"started_at": at(3)}, {"started_at": at(4)})
    await recorded(router, others[1], {"started_at": at(4), "key_prefix": "oc_another"})

    reports = {sub: await told(router, bearer(issuer, sub), by="key", **NOVEMBER) for sub in (ada, *others)}

    counts = {sub: report["total"]["requests"] for sub, report in reports.items()}
    assert counts == {ada: 2, **dict.fromkeys(others, 0), others[1]: 1}
    assert by_name(reports[ada], "requests") == {None: 2}
    assert by_name(reports[others[1]], "requests") == {"oc_another": 1}


async def test_the_caller_cannot_be_chosen(router: Router, as_person: Credential) -> None:
    status, refusal = await asked(router, as_person, caller="ada")

    assert (status, refusal["error"]["param"]) == (400, "caller")


async def test_without_a_credential_nobody_is_told_anything(router: Router) -> None:
    status, _ = await asked(router, {})

    assert status == 401


async def test_records_are_summed_exactly(router: Router, ada: str, as_person: Credential) -> None:
    tokens = Tokens(input=10, output=20, cache_read=30, cache_write_5m=4, cache_write_1h=5, is_estimate=True)
    await recorded(
        router,
        ada,
        {"started_at": at(3), "tokens": tokens, "cost_micro_usd": 9_999_999},
        {"started_at": at(3, 1), "cost_micro_usd": 2},
        {"started_at": at(5), "cost_micro_usd": 0, "tokens": Tokens(), "outcome": "refused", "status": 429},
    )

    report = await told(router, as_person, **NOVEMBER)

    assert report == {
        **NOVEMBER,
        "by": "day",
        "is_complete": True,
        "counted_from": "2026-11-01T00:00:00.000+00:00",
        "data": [
            {"name": "2026-11-03", **sums(2, (20, 25, 30, 9), "10.000001", estimates=1)},
            {"name": "2026-11-05", **sums(1, (0, 0, 0, 0), "0.000000")},
        ],
        "total": sums(3, (20, 25, 30, 9), "10.000001", estimates=1),
    }


def sums(requests: int, tokens: tuple[int, int, int, int], cost_usd: str, *, estimates: int = 0) -> Json:
    kinds = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    counts = dict(zip(kinds, tokens, strict=True))
    return {"requests": requests, **counts, "cost_usd": cost_usd, "estimates": estimates}


async def test_models_and_keys_come_by_their_cost_the_dearest_first(
    router: Router, ada: str, as_person: Credential
) -> None:
    await recorded(
        router,
        ada,
        {"started_at": at(3), "model": "nova-pro", "key_prefix": "oc_aaaaaaa", "cost_micro_usd": 5},
        {"started_at": at(4), "model": "claude-opus-5", "cost_micro_usd": 7},
        {"started_at": at(5), "model": "nova-pro", "key_prefix": "oc_bbbbbbb", "cost_micro_usd": 4},
    )

    models, keys = [await told(router, as_person, by=by, **NOVEMBER) for by in ("model", "key")]

    assert [*by_name(models, "cost_usd").items()] == [("nova-pro", "0.000009"), ("claude-opus-5", "0.000007")]
    assert [*by_name(keys, "cost_usd")] == [None, "oc_aaaaaaa", "oc_bbbbbbb"]


async def test_both_days_are_counted_to_their_ends_and_none_around_them(
    router: Router, ada: str, as_person: Credential
) -> None:
    last_moment = "2026-11-{}T23:59:59.999+00:00"
    times = (last_moment.format("03"), "2026-11-04T00:00:00.000+00:00", last_moment.format("05"), at(6))
    await recorded(router, ada, *({"started_at": time} for time in times))

    report = await told(router, as_person, **{"from": "2026-11-04", "to": "2026-11-05"})

    assert by_name(report, "requests") == {"2026-11-04": 1, "2026-11-05": 1}


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({"to": "2026-11-21"}, "2026-11-15", "2026-11-21"),
        ({"from": "2026-10-22", "to": "2026-11-21"}, "2026-10-22", "2026-11-21"),
        ({"from": "2026-11-21", "to": "2026-11-21"}, "2026-11-21", "2026-11-21"),
        ({"to": "0001-01-02"}, "0001-01-01", "0001-01-02"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "9999-12-31", "9999-12-31"),
    ],
)
async def test_one_to_31_days_are_told_and_seven_unless_said(
    router: Router, as_person: Credential, query: dict[str, str], first: str, last: str
) -> None:
    report = await told(router, as_person, **query)

    assert (report["from"], report["to"], report["data"]) == (first, last, [])


async def test_without_a_word_it_is_the_last_seven_days_by_day(router: Router, as_person: Credential) -> None:
    record = await router.usage(await ask_model(router, as_person))

    report = await told(router, as_person)

    assert date.fromisoformat(report["to"]) - date.fromisoformat(report["from"]) == timedelta(days=6)
    assert by_name(report, "requests") == {record["started_at"][:10]: 1}


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ([("from", "yesterday")], "from"),
        ([("from", "")], "from"),
        ([("from", "20261101")], "from"),
        ([("from", "2026-11-31")], "from"),
        ([("from", "2026-11-01T00:00:00Z")], "from"),
        ([("to", "2026-11-1")], "to"),
        ([("to", "٢٠٢٦-11-01")], "to"),
        ([("by", "team")], "by"),
        ([("by", "")], "by"),
        ([("form", "2026-11-01")], "form"),
        ([("from", "2026-11-22"), ("to", "2026-11-21")], "from"),
        ([("from", "2026-10-21"), ("to", "2026-11-21")], "from"),
        ([("from", "0001-01-01")], "from"),
        ([("by", "day"), ("by", "model")], "by"),
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_refused_by_the_name_of_the_field(
    router: Router, as_person: Credential, query: list[tuple[str, str]], param: str
) -> None:
    async with router.client.get("/v1/usage", params=query, headers=as_person) as response:
        refusal = await response.json()

    assert (response.status, refusal["error"]["param"]) == (400, param), refusal
    assert repr(param) in refusal["error"]["message"] or param in refusal["error"]["message"].split()


@asynccontextmanager
async def in_pages_of(world: World, records: int) -> AsyncIterator[Router]:
    """A router whose DynamoDB ends a page after so many records; otherwise after a megabyte."""

    async def forward(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        if request.headers["X-Amz-Target"].endswith(".Query"):
            body["Limit"] = records
        headers = {name: request.headers[name] for name in ("X-Amz-Target", "Authorization", "Content-Type")}
        async with aiohttp.ClientSession() as onward:
            answer = await onward.post(world.aws.url, json=body, headers=headers)
            return web.Response(body=await answer.read(), status=answer.status)

    app = web.Application()
    app.router.add_post("/", forward)
    async with TestServer(app) as server:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", str(server.make_url("")))
            async with running_router(world) as running:
                yield running


async def test_records_on_many_pages_are_all_counted(world: World, ada: str, as_person: Credential) -> None:
    async with in_pages_of(world, 2) as router:
        await recorded(router, ada, *({"started_at": at(3 + n % 3, n)} for n in range(9)))

        report = await told(router, as_person, **NOVEMBER)

    assert report["is_complete"]
    assert by_name(report, "requests") == {"2026-11-03": 3, "2026-11-04": 3, "2026-11-05": 3}


async def test_of_too_many_records_the_newest_are_counted_and_from_when_is_said(
    world: World, ada: str, as_person: Credential
) -> None:
    async with in_pages_of(world, 1) as router:
        await recorded(router, ada, *({"started_at": at(3, n)} for n in range(MAX_PAGES + 2)))

        report = await told(router, as_person, **NOVEMBER)

    assert not report["is_complete"]
    assert report["counted_from"] == at(3, 2)
    assert report["total"]["requests"] == MAX_PAGES


async def test_a_table_that_does_not_answer_is_a_503_that_can_be_tried_again(
    world: World, as_person: Credential
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
        async with (
            running_router(world) as router,
            router.client.get("/v1/usage", headers=as_person) as response,
        ):
            refusal = await response.json()

    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert refusal["error"]["code"] == "service_unavailable"
