"""`login` against answers that are wrong, hostile or no answers at all."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from opencode_local.issuer import Issuer
from tests.client.person import Browser, Person, query, with_query
from tests.client.servers import Reply, Seen, json_reply, page_reply


def tokens_with(issuer: Issuer, **claims: Any) -> dict[str, Any]:
    """A token answer whose ID token has these claims changed."""
    return {
        "access_token": issuer.token("ada", use="access"),
        "refresh_token": "refresh-of-nobody",
        "id_token": issuer.token("ada", **claims),
        "token_type": "Bearer",
        "expires_in": 3600,
    }


def test_an_answer_to_another_sign_in_is_turned_away_and_the_right_one_still_counts(person: Person) -> None:
    """An attacker's code, or a tab of yesterday."""

    def twice(url: str) -> list[str]:
        return [
            with_query(url, state="of-another", code="of-an-attacker"),
            with_query(url, state=None),
            f"{url}&state=of-another",
            url,
        ]

    browser = Browser(twice)
    done = person.sign_in(browser)

    assert [status for status, _ in browser.ends] == [400, 400, 400, 200]
    assert done.code == 0
    assert person.gateway.count("/token") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "https://evil.example.com"}, "another provider"),
        ({"code": None}, "no code"),
        ({"code": None, "error": "access_denied", "error_description": "<b>\x1b[31mno"}, "access_denied: <b> [31mno"),
    ],
)
def test_an_answer_that_is_not_the_providers_yes_gets_no_token(
    person: Person, changes: Mapping[str, str | None], said: str
) -> None:
    browser = Browser(lambda url: with_query(url, **changes))
    done = person.sign_in(browser)

    assert done.code == 1
    assert said in done.err
    assert "\x1b" not in done.err
    assert person.gateway.count("/token") == 0
    assert person.run("token").code == 3


def test_a_person_who_says_no_is_not_signed_in(person: Person) -> None:
    done = person.sign_in(Browser(sub=""))

    assert done.code == 1
    assert "access_denied" in done.err


def test_a_provider_that_promises_its_name_must_give_it(person: Person, issuer: Issuer) -> None:
    """RFC 9207: an answer without `iss` could be of a provider that was mixed in."""
    promise = {"issuer": person.gateway.url, "authorization_response_iss_parameter_supported": True}
    person.gateway.routes["/.well-known/openid-configuration"] = lambda _seen: json_reply(promise)
    person.set_up(issuer=person.gateway.url)
    done = person.sign_in(Browser())

    assert done.code == 1
    assert "another provider" in done.err
    assert person.gateway.count("/token") == 0


def test_a_document_of_another_issuer_ends_the_sign_in_before_a_page_opens(person: Person, issuer: Issuer) -> None:
    person.gateway.routes["/.well-known/openid-configuration"] = lambda _seen: json_reply({"issuer": issuer.url})
    person.set_up(issuer=person.gateway.url)
    browser = Browser()
    done = person.sign_in(browser)

    assert done.code == 1
    assert browser.pages == []


def test_endpoints_that_the_gateway_does_not_name_are_found_at_the_provider(person: Person) -> None:
    person.set_up(**dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_url", "revocation_endpoint")))

    assert person.sign_in(Browser()).code == 0


@pytest.mark.parametrize(
    "endpoint", ["http://evil.example.com/token", "file:///etc/passwd", "https://user@evil.example.com/token"]
)
def test_a_document_that_names_an_unsafe_endpoint_is_refused(person: Person, endpoint: str) -> None:
    document = {"issuer": person.gateway.url, "token_endpoint": endpoint}
    person.gateway.routes["/.well-known/openid-configuration"] = lambda _seen: json_reply(document)
    person.set_up(issuer=person.gateway.url, token_endpoint=None)

    assert person.sign_in(Browser()).code == 2


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"nonce": "of-another"}, "(nonce)"),
        ({}, "(nonce)"),
        ({"iss": "https://evil.example.com"}, "(iss)"),
        ({"aud": "another-client"}, "(aud)"),
        ({"aud": ["opencode-cli", "another-client"]}, "(aud)"),
        ({"aud": ["opencode-cli", "another-client"], "azp": "another-client"}, "(aud)"),
        ({"aud": None}, "(aud)"),
        ({"azp": "another-client"}, "(aud)"),
        ({"sub": ""}, "(sub)"),
        ({"at_hash": "of-another-token"}, "(at_hash)"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    person: Person, issuer: Issuer, claims: dict[str, Any], named: str
) -> None:
    done = sign_in_with(person, issuer, claims)

    assert done.code == 1
    assert named in done.err
    assert not person.state("tokens.json").exists()


def sign_in_with(person: Person, issuer: Issuer, claims: dict[str, Any]) -> Any:
    """A sign-in whose ID token is right but for these claims."""
    asked: dict[str, str] = {}

    class Remembering(Browser):
        def opened(self, url: str) -> bool:
            asked.update(query(url))
            return super().opened(url)

    def answered(_seen: Seen) -> Reply:
        nonce = {} if claims == {} else {"nonce": asked["nonce"]}
        return json_reply(tokens_with(issuer, **{**nonce, **claims}))

    person.gateway.routes["/token"] = answered
    return person.sign_in(Remembering())


def test_an_id_token_with_the_right_nonce_is_taken(person: Person, issuer: Issuer) -> None:
    assert sign_in_with(person, issuer, {"aud": ["opencode-cli", "more"], "azp": "opencode-cli"}).code == 0


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": None}, "(exp, iat)"),
        ({"iat": 1, "exp": 2}, "clock"),
        ({"iat": 9_999_999_999, "exp": 99_999_999_999}, "clock"),
    ],
)
def test_an_id_token_of_another_time_is_refused(
    person: Person, issuer: Issuer, claims: dict[str, Any], said: str
) -> None:
    done = sign_in_with(person, issuer, claims)

    assert done.code == 1
    assert said in done.err


def test_a_wrong_clock_is_named_with_how_much_it_is_off(person: Person) -> None:
    person.pass_time(86_400)
    done = person.sign_in(Browser())

    assert done.code == 1
    assert "differ by 864" in done.err
    assert "hint: set the clock" in done.err


def test_an_id_token_that_another_provider_signed_is_refused(person: Person, issuer: Issuer) -> None:
    other = Issuer()
    other.start()
    person.set_up(jwks_url=f"{other.url}/jwks.json")
    done = person.sign_in(Browser())
    other.stop()

    assert done.code == 1
    assert "not signed by the provider" in done.err


@pytest.mark.parametrize("header", ["none", "HS256"])
def test_an_id_token_without_a_real_signature_is_refused(person: Person, issuer: Issuer, header: str) -> None:
    def forged(_seen: Seen) -> Reply:
        document = tokens_with(issuer)
        head = base64.urlsafe_b64encode(json.dumps({"alg": header, "typ": "JWT"}).encode()).rstrip(b"=").decode()
        _, payload, _ = document["id_token"].split(".")
        return json_reply({**document, "id_token": f"{head}.{payload}."})

    person.gateway.routes["/token"] = forged

    assert "not signed by the provider" in person.sign_in(Browser()).err


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (page_reply(502), "not JSON"),
        (page_reply(200), "not JSON"),
        (json_reply({"error": "slow down"}, status=429, Retry_After="7"), "try again later"),
        (json_reply({"error": "server_error"}, status=500), "try again later"),
        (json_reply({"error": "invalid_grant", "error_description": "too old"}, status=400), "invalid_grant: too old"),
        (json_reply({"access_token": "a b", "token_type": "Bearer"}), "malformed access_token"),
        (json_reply({"access_token": "a\r\nX: y", "token_type": "Bearer"}), "malformed access_token"),
        (json_reply({"access_token": "abc", "token_type": "mac"}), "no bearer token"),
        (json_reply({"access_token": "abc", "token_type": "Bearer"}), "no ID token"),
        (json_reply(["abc"]), "not an object"),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:1/thief"}), "not JSON"),
    ],
)
def test_a_token_endpoint_gone_wrong_is_one_line(person: Person, reply: Reply, said: str) -> None:
    person.gateway.routes["/token"] = lambda _seen: reply
    done = person.sign_in(Browser())

    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("document", [{}, {"keys": []}, {"keys": [{"kty": "RSA"}]}, {"keys": 7}])
def test_keys_that_cannot_be_read_sign_nobody_in(person: Person, document: object) -> None:
    person.gateway.routes["/keys"] = lambda _seen: json_reply(document)
    person.set_up(jwks_url=f"{person.gateway.url}/keys")

    assert person.sign_in(Browser()).code == 1
