"""`keys` and `models`: what the gateway has for the person, and its own words when it refuses."""

import json
from itertools import count
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from opencode_auth.version import USER_AGENT
from opencode_local.issuer import Issuer
from tests.client.laptop import Laptop, modes
from tests.router.running import Router

NUMBERS = count(1)


@pytest.fixture
def laptop(tmp_path: Path, router: Router, issuer: Issuer) -> Laptop:
    """Of a person without keys, whose sign-in stands in the environment."""
    email = f"key-owner-{next(NUMBERS)}@example.com"
    made = Laptop(tmp_path, issuer.token("ada", sub=email, email=email))
    made.point_at(router.url)
    return made


async def test_a_key_is_printed_alone_once_and_works(laptop: Laptop, router: Router) -> None:
    said = await laptop.say("keys", "create", "-d", "laptop", "--expires-in-days", "7")

    assert said.exit_code == 0, said
    key = said.stdout.strip()
    async with ClientSession() as session:
        answer = await session.get(f"{router.url}/v1/models", headers={"Authorization": f"Bearer {key}"})
        assert answer.status == 200
    assert "shown this once" in said.stderr
    assert key not in (await laptop.say("keys")).stdout
    assert not [place for place in modes(laptop.home) if key in (laptop.home / place).read_text()]


async def test_keys_are_listed_by_prefix_without_a_further_word(laptop: Laptop) -> None:
    created = json.loads((await laptop.say("keys", "create", "-d", "laptop", "--json")).stdout)

    plain, listed = await laptop.say("keys"), await laptop.say("keys", "list", "--json")

    assert plain.stdout.splitlines()[0].split() == [
        "PREFIX",
        "STATUS",
        "CREATED",
        "EXPIRES",
        "LAST",
        "USED",
        "DESCRIPTION",
    ]
    assert plain.stdout.splitlines()[1].split() == [
        created["key_prefix"],
        "active",
        created["created_at"][:10],
        created["expires_at"][:10],
        "never",
        "laptop",
    ]
    assert [entry["key_prefix"] for entry in json.loads(listed.stdout)] == [created["key_prefix"]]


async def test_a_revoked_key_is_listed_as_that(laptop: Laptop) -> None:
    created = json.loads((await laptop.say("keys", "create", "--json")).stdout)

    said = await laptop.say("keys", "revoke", created["key_prefix"])

    assert said.exit_code == 0, said
    assert json.loads((await laptop.say("keys", "list", "--json")).stdout)[0]["status"] == "revoked"


async def test_a_person_without_keys_is_told(laptop: Laptop) -> None:
    assert (await laptop.say("keys")).stdout == "no API keys\n"
    assert json.loads((await laptop.say("keys", "list", "--json")).stdout) == []


@pytest.mark.parametrize("prefix", ["oc_nothing", "../models"])
async def test_a_key_that_is_not_the_persons_cannot_be_revoked(laptop: Laptop, prefix: str) -> None:
    said = await laptop.say("keys", "revoke", prefix)

    assert said.exit_code == 1
    assert said.stderr.startswith("error: ")
    assert "Traceback" not in said.stderr


async def test_a_key_cannot_make_keys_and_the_gateways_own_words_say_so(laptop: Laptop, api_key: str) -> None:
    said = await Laptop(laptop.home, api_key).say("keys", "create")

    assert said.exit_code in (1, 3)
    assert said.stdout == ""
    assert "sign" in said.stderr.lower() or "JWT" in said.stderr


async def test_models_are_a_table_of_limits_and_prices(laptop: Laptop) -> None:
    said, listed = await laptop.say("models"), await laptop.say("models", "--json")

    header, *rows = [line.split("  ") for line in said.stdout.splitlines()]
    by_id = {entry["id"]: entry for entry in json.loads(listed.stdout)}
    assert [cell.strip() for cell in header if cell] == ["ID", "CONTEXT", "OUTPUT", "INPUT USD/M", "OUTPUT USD/M"]
    assert len(rows) == len(by_id)
    sonnet = next(row for row in said.stdout.splitlines() if row.split()[0] == "claude-sonnet-5").split()
    known = by_id["claude-sonnet-5"]
    assert sonnet[1:3] == [f"{known['context_tokens']:,}", f"{known['max_output_tokens']:,}"]
    assert sonnet[3:] == [known["input_usd"], known["output_usd"]]


@pytest.mark.parametrize(
    ("status", "body", "exit_code", "shown"),
    [
        (
            426,
            {"error": {"message": "too old", "hint": "uv tool upgrade"}},
            1,
            "error: too old\nhint: uv tool upgrade\n",
        ),
        (401, {"error": {"message": "expired"}}, 3, "error: expired\nhint: opencode-auth login\n"),
        (403, {"error": "odd"}, 1, "answered 403"),
        (502, "<html>a page in between</html>", 1, "answered 502"),
        (200, [1], 1, "not an object"),
        (200, {}, 1, "without 'data'"),
        (200, {"data": [{"id": 1}]}, 1, "not understood"),
    ],
)
async def test_what_the_gateway_says_reaches_the_person(
    tmp_path: Path, status: int, body: object, exit_code: int, shown: str
) -> None:
    agents = []

    async def answer(request: web.Request) -> web.Response:
        agents.append(request.headers["User-Agent"])
        return web.Response(status=status, text=body if isinstance(body, str) else json.dumps(body))

    app = web.Application()
    app.router.add_get("/v1/models", answer)
    async with TestServer(app) as server:
        laptop = Laptop(tmp_path, "oc_key")
        laptop.point_at(str(server.make_url("")).rstrip("/"))
        said = await laptop.say("models")

    assert said.exit_code == exit_code, said
    assert shown in said.stderr
    assert agents == [USER_AGENT]
    assert "oc_key" not in said.stderr
