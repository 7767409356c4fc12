"""`logout` and `status`: who is signed in, and that nobody is any more."""

import json

import pytest

from tests.client.person import Person
from tests.client.servers import Reply, json_reply, page_reply


@pytest.fixture
def ada(person: Person) -> Person:
    return person.signed_in()


def refresh_token(person: Person) -> str:
    return str(json.loads(person.state("tokens.json").read_text())["sign_in"]["refresh_token"])


def test_signing_out_revokes_the_refresh_token_at_the_provider(ada: Person) -> None:
    held = refresh_token(ada)
    done = ada.run("logout", "--json")

    assert json.loads(done.out) == {"was_signed_in": True, "revoked": True}
    assert not ada.state("tokens.json").exists()
    [revocation] = [seen for seen in ada.gateway.seen if seen.path == "/revoke"]
    assert revocation.form["token"] == held
    assert held not in done.out + done.err


def test_a_revoked_refresh_token_works_no_longer(ada: Person) -> None:
    kept = ada.state("tokens.json").read_text()
    ada.run("logout")
    ada.state("tokens.json").write_text(kept)
    ada.pass_time(7200)

    assert ada.run("token").code == 3


@pytest.mark.parametrize("reply", [page_reply(502), json_reply({"error": "invalid_client"}, status=401)])
def test_a_provider_that_does_not_revoke_leaves_nothing_here_and_is_named(ada: Person, reply: Reply) -> None:
    ada.gateway.routes["/revoke"] = lambda _seen: reply
    done = ada.run("logout")

    assert done.code == 1
    assert "could not be revoked" in done.err
    assert not ada.state("tokens.json").exists()


def test_signing_out_twice_does_no_harm(ada: Person) -> None:
    ada.run("logout")
    done = ada.run("logout")

    assert (done.code, done.out) == (0, "nobody was signed in\n")


def test_a_provider_without_revocation_is_said_to_have_none(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_auth.oauth.provider.discovered", lambda _issuer: {})
    person.set_up(revocation_endpoint=None)
    person.signed_in()
    done = person.run("logout")

    assert done.code == 0
    assert "forgotten here only" in done.err


def test_status_follows_a_sign_in_through_its_life(ada: Person) -> None:
    ada.pass_time(600)
    assert "valid for 50 min" in ada.run("status").out
    ada.pass_time(3600)
    assert "refreshed when it is needed" in ada.run("status").out
    assert json.loads(ada.run("status", "--json").out)["state"] == "refreshes"
    ada.run("logout")
    done = ada.run("status", "--json")

    assert done.code == 3
    assert json.loads(done.out)["state"] == "signed_out"


def test_status_asks_nobody(ada: Person) -> None:
    ada.gateway.seen.clear()
    ada.pass_time(7200)
    ada.run("status")

    assert ada.gateway.seen == []
