"""`usage`: a table of what the person has used, the sums last; plain words where there is no telling."""

import json
from itertools import count
from pathlib import Path

import pytest

from opencode_local.issuer import Issuer
from tests.client.laptop import Laptop, Said
from tests.client.servers import Reply, Server, json_reply, page_reply
from tests.router.running import Router
from tests.router.test_usage import at, recorded

NUMBERS = count(1)
NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")
TOTAL = {
    "requests": 2,
    "input_tokens": 1,
    "output_tokens": 1,
    "cache_read_tokens": 0,
    "cache_write_tokens": 0,
    "cost_usd": "0.000001",
    "estimates": 1,
}
REPORT = {
    "from": "2026-11-01",
    "to": "2026-11-30",
    "by": "day",
    "is_complete": False,
    "counted_from": "2026-11-03T10:00:00.000+00:00",
    "data": [{"name": "2026-11-03", **TOTAL}],
    "total": TOTAL,
}


@pytest.fixture
def subject() -> str:
    """Somebody who has used nothing yet."""
    return f"usage-reader-{next(NUMBERS)}"


@pytest.fixture
def laptop(tmp_path: Path, router: Router, issuer: Issuer, subject: str) -> Laptop:
    made = Laptop(tmp_path, issuer.token("ada", sub=subject, email=f"{subject}@example.com"))
    made.point_at(router.url)
    return made


async def of_stub(tmp_path: Path, stub: Server, reply: Reply, *arguments: str) -> Said:
    """What is said of a gateway that answers with this."""
    stub.routes["/v1/usage"] = lambda _seen: reply
    laptop = Laptop(tmp_path, "oc_key")
    laptop.point_at(stub.url)
    return await laptop.say("usage", *arguments)


async def test_usage_is_a_table_that_ends_with_the_totals(laptop: Laptop, router: Router, subject: str) -> None:
    await recorded(
        router,
        subject,
        {"started_at": at(3), "cost_micro_usd": 1_234_567},
        {"started_at": at(4), "model": "nova-pro", "key_prefix": "oc_aaaaaaa"},
    )

    said = {by: await laptop.say("usage", *NOVEMBER, "--by", by) for by in ("day", "model", "key")}

    assert [each.exit_code for each in said.values()] == [0, 0, 0], said
    assert said["day"].stdout == (
        "DAY         REQUESTS  INPUT  OUTPUT  CACHE READ  CACHE WRITE       USD\n"
        "2026-11-03         1     10       5           0            0  1.234567\n"
        "2026-11-04         1     10       5           0            0  0.000105\n"
        "total              2     20      10           0            0  1.234672\n"
    )
    names = {by: [line.split("  ")[0] for line in each.stdout.splitlines()] for by, each in said.items()}
    assert names["model"] == ["MODEL", "claude-sonnet", "nova-pro", "total"]
    assert names["key"] == ["KEY", "signed in", "oc_aaaaaaa", "total"]
    assert {each.stderr for each in said.values()} == {""}


async def test_json_is_what_the_gateway_says(laptop: Laptop, router: Router, subject: str) -> None:
    await recorded(router, subject, {"started_at": at(3)}, {"started_at": at(4), "key_prefix": "oc_aaaaaaa"})
    query = {"from": "2026-11-01", "to": "2026-11-30", "by": "key"}
    headers = {"Authorization": f"Bearer {laptop.credential}"}
    async with router.client.get("/v1/usage", params=query, headers=headers) as response:
        known = await response.json()

    said = await laptop.say("usage", *NOVEMBER, "--by", "key", "--json")

    assert json.loads(said.stdout) == known
    assert known["total"]["requests"] == 2


async def test_who_has_used_nothing_is_told_for_which_days(laptop: Laptop) -> None:
    assert (await laptop.say("usage", *NOVEMBER)).stdout == "nothing from 2026-11-01 to 2026-11-30\n"


async def test_days_that_are_not_said_are_the_gateways_choice(tmp_path: Path, stub_gateway: Server) -> None:
    await of_stub(tmp_path, stub_gateway, json_reply(REPORT))
    await of_stub(tmp_path, stub_gateway, json_reply(REPORT), "--from", "2026-11-3", "--by", "model")

    assert [seen.query for seen in stub_gateway.seen] == [{"by": "day"}, {"from": "2026-11-03", "by": "model"}]


async def test_what_is_left_out_or_estimated_is_said_beside_the_table(tmp_path: Path, stub_gateway: Server) -> None:
    said = await of_stub(tmp_path, stub_gateway, json_reply(REPORT))

    assert said.stdout.splitlines()[-1].startswith("total")
    assert said.stderr == (
        "counted from 2026-11-03T10:00:00.000+00:00: what is older was too much to read; ask for fewer days\n"
        "1 of 2 requests are estimates\n"
    )


async def test_a_gateway_that_does_not_know_the_question_is_told_plainly(tmp_path: Path, stub_gateway: Server) -> None:
    refused = {"error": {"message": "there is no '/v1/usage' here"}, "request_id": "req_1"}

    said = await of_stub(tmp_path, stub_gateway, json_reply(refused, status=404))

    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr == (
        "error: this gateway does not tell what was used: it is older than this program\n"
        "hint: ask whoever runs the gateway to update it\n"
    )


async def test_more_days_than_the_gateway_tells_are_refused_in_its_words(laptop: Laptop) -> None:
    said = await laptop.say("usage", "--from", "2026-10-01", "--to", "2026-11-30")

    assert said.exit_code == 1
    assert said.stderr == "error: from 2026-10-01 to 2026-11-30 is 61 days, and at most 31 are told at once\n"


@pytest.mark.parametrize("misuse", [("--from", "yesterday"), ("--to", "2026-11-31"), ("--by", "team"), ("today",)])
async def test_what_is_no_day_and_no_grouping_is_a_misuse(laptop: Laptop, misuse: tuple[str, ...]) -> None:
    said = await laptop.say("usage", *misuse)

    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr.splitlines()[-1] == "hint: opencode-auth usage --help"


@pytest.mark.parametrize(
    ("reply", "exit_code", "shown"),
    [
        (json_reply({"error": {"message": "expired"}}, status=401), 3, "error: expired\nhint: opencode-auth login\n"),
        (json_reply({"error": {"message": "too old"}}, status=426), 1, "hint: opencode-auth update\n"),
        (page_reply(502), 1, "answered 502"),
        (json_reply([1]), 1, "not an object"),
        (json_reply({**REPORT, "data": [{}]}), 1, "not understood"),
        (json_reply({**REPORT, "total": {**TOTAL, "requests": "many"}}), 1, "not understood"),
        (json_reply({}), 1, "not understood"),
    ],
)
async def test_what_else_the_gateway_says_reaches_the_person(
    tmp_path: Path, stub_gateway: Server, reply: Reply, exit_code: int, shown: str
) -> None:
    said = await of_stub(tmp_path, stub_gateway, reply)

    assert (said.exit_code, said.stdout) == (exit_code, "")
    assert shown in said.stderr


async def test_a_name_cannot_command_the_terminal(tmp_path: Path, stub_gateway: Server) -> None:
    report = {**REPORT, "data": [{**TOTAL, "name": "\x1b[2Jnova"}]}

    said = await of_stub(tmp_path, stub_gateway, json_reply(report))

    assert "\x1b" not in said.stdout
