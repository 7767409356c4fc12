"""`ci`: a job's own identity, without a stored key and without a browser."""

import json
from collections.abc import Iterator

import pytest

from opencode_local.issuer import Issuer
from tests.client.person import Person
from tests.client.servers import Reply, Seen, Server, json_reply, page_reply, running

REQUEST_TOKEN = "the-runners-own"


@pytest.fixture
def github(issuer: Issuer) -> Iterator[Server]:
    """GitHub's token service, of whose issuer the gateway thinks as of the company's."""
    with running() as server:
        server.routes["/idtoken"] = lambda _seen: json_reply({"value": issuer.token("ada")})
        yield server


@pytest.fixture
def gateway(person: Person) -> Server:
    """Knows the tokens that look like one, and one key."""

    def models(seen: Seen) -> Reply:
        credential = seen.headers.get("authorization", "").removeprefix("Bearer ")
        return json_reply({"data": []}, status=200 if credential.startswith(("eyJ", "ock_")) else 401)

    person.gateway.routes["/v1/models"] = models
    return person.gateway


def actions(github: Server) -> dict[str, str]:
    return {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/idtoken?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }


@pytest.mark.parametrize(("options", "audience"), [((), "opencode-cli"), (("--audience", "a b&c"), "a b&c")])
def test_a_github_job_gets_a_token_for_the_gateway(
    person: Person, gateway: Server, github: Server, options: tuple[str, ...], audience: str
) -> None:
    done = person.run("ci", *options, **actions(github))
    [asked] = github.seen

    assert done.code == 0, done.err
    assert done.out.startswith("eyJ")
    assert dict(asked.query) == {"api-version": "2.0", "audience": audience}
    assert asked.headers["authorization"] == f"Bearer {REQUEST_TOKEN}"
    assert gateway.seen[-1].headers["authorization"] == f"Bearer {done.out.strip()}"


def test_a_gitlab_job_uses_the_token_that_it_was_given(person: Person, gateway: Server, issuer: Issuer) -> None:
    token = issuer.token("ada")

    assert person.run("ci", OPENCODE_ID_TOKEN=token).out.strip() == token
    assert person.run("ci", "--variable", "OPENCODE_MY_TOKEN", OPENCODE_MY_TOKEN=token).out.strip() == token


def test_a_key_of_the_job_goes_before_its_identity(person: Person, gateway: Server, github: Server) -> None:
    done = person.run("ci", "--json", OPENCODE_API_KEY="ock_of_ci", **actions(github))

    assert json.loads(done.out) == {"access_token": "ock_of_ci", "source": "api_key"}
    assert github.seen == []


def test_a_gateway_that_does_not_trust_the_ci_system_says_so_before_the_job_goes_on(
    person: Person, gateway: Server
) -> None:
    done = person.run("ci", OPENCODE_ID_TOKEN="of-somebody-else")

    assert (done.code, done.out) == (1, "")
    assert "does not accept this job" in done.err
    assert "OPENCODE_API_KEY" in done.err
    assert "of-somebody-else" not in done.err


def test_outside_ci_the_ways_are_named(person: Person, gateway: Server) -> None:
    done = person.run("ci")

    assert done.code == 2
    assert "id-token: write" in done.err


@pytest.mark.parametrize(
    "reply",
    [
        page_reply(502),
        json_reply({"value": ""}),
        json_reply({"value": "a b"}),
        json_reply({}),
        json_reply({}, status=403),
    ],
)
def test_a_ci_system_that_gives_no_token_is_one_line(
    person: Person, gateway: Server, github: Server, reply: Reply
) -> None:
    github.routes["/idtoken"] = lambda _seen: reply
    done = person.run("ci", **actions(github))

    assert (done.code, done.out) == (1, "")
    assert REQUEST_TOKEN not in done.err


def test_the_runners_token_goes_to_no_unsafe_address(person: Person, gateway: Server) -> None:
    where = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://evil.example.com/idtoken",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }

    assert person.run("ci", **where).code == 2
