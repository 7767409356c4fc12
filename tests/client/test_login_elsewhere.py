"""`login` by a browser elsewhere: an address that is pasted back, a code that is typed there."""

from collections.abc import Callable
from typing import Any

import pytest

from opencode_local.issuer import Issuer
from tests.client.person import Browser, Person, query, with_query
from tests.client.servers import Reply, json_reply, page_reply


def test_a_pasted_address_signs_in_without_a_browser_here(person: Person) -> None:
    done = person.sign_in_by_paste()

    assert done.code == 0, done.err
    assert "signed in as ada@example.com" in done.out


@pytest.mark.parametrize(
    "bend",
    [
        lambda url: with_query(url, state="of-another"),
        lambda url: query(url)["code"],
        lambda _url: "rubbish",
        lambda url: with_query(url, iss="https://evil.example.com"),
        lambda url: url + "&code=of-an-attacker",
    ],
)
def test_a_pasted_address_is_checked_as_strictly(person: Person, bend: Callable[[str], str]) -> None:
    done = person.sign_in_by_paste(bend)

    assert done.code == 1
    assert person.gateway.count("/token") == 0


def test_no_line_to_paste_is_an_interruption(person: Person) -> None:
    done = person.run("login", "--no-browser", typed="")

    assert done.code == 1
    assert "error: interrupted" in done.err


def test_two_ways_at_once_are_a_misuse(person: Person) -> None:
    assert person.run("login", "--device", "--no-browser").code == 2


def test_a_device_signs_in_by_a_code_typed_elsewhere(person: Person) -> None:
    done = by_device(person, sub="ada")

    assert done.code == 0, done.err
    assert "ada@example.com" in person.run("status").out


def test_a_device_that_is_refused_is_not_signed_in(person: Person) -> None:
    done = by_device(person, sub="")

    assert done.code == 1
    assert "access_denied" in done.err


def by_device(person: Person, *, sub: str) -> Any:
    """The person answers after the device has asked in vain three times; no time passes for real."""
    said: list[str] = []
    polls: list[str] = []
    patience = {"before": 3}
    wait = person.pass_time

    def waiting(duration_s: float) -> None:
        wait(duration_s)
        polls.append("asked")
        if len(polls) == patience["before"]:
            [page] = [word for word in " ".join(said).split() if "user_code=" in word]
            Browser(sub=sub).picked(page)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opencode_auth.output.say", said.append)
        patch.setattr("opencode_auth.clock.wait", waiting)
        return person.run("login", "--device")


@pytest.mark.parametrize(
    ("first", "then", "waited_s"),
    [
        (json_reply({"error": "authorization_pending"}, status=400), "expired_token", 10),
        (json_reply({"error": "slow_down"}, status=400), "access_denied", 15),
        (json_reply({"error": "busy"}, status=503), "access_denied", 15),
        (page_reply(502), "access_denied", 15),
    ],
)
def test_a_device_waits_as_it_is_told(person: Person, first: Reply, then: str, waited_s: float) -> None:
    replies = iter([first, json_reply({"error": then}, status=400)])
    person.gateway.routes["/token"] = lambda _seen: next(replies)
    began_s = person.now_s()
    done = person.run("login", "--device")

    assert done.code == 1
    assert then in done.err
    assert round(person.now_s() - began_s) == waited_s


def test_a_device_that_nobody_answers_for_gives_up(person: Person) -> None:
    begun = {"device_code": "d", "user_code": "ABCD", "verification_uri": person.gateway.url, "expires_in": 12}
    person.gateway.routes["/device"] = lambda _seen: json_reply(begun)
    person.gateway.routes["/token"] = lambda _seen: json_reply({"error": "authorization_pending"}, status=400)
    person.set_up(device_authorization_endpoint=f"{person.gateway.url}/device")
    done = person.run("login", "--device")

    assert done.code == 1
    assert "nobody answered in time" in done.err


@pytest.mark.parametrize(
    "answer",
    [
        page_reply(502),
        json_reply({"error": "unauthorized_client"}, status=400),
        json_reply({"device_code": "d", "user_code": "A"}),
        json_reply({"device_code": "d", "user_code": "A\x1b[2J", "verification_uri": "https://example.com"}),
    ],
)
def test_a_device_sign_in_that_does_not_begin_is_one_line(person: Person, answer: Reply) -> None:
    person.gateway.routes["/device"] = lambda _seen: answer
    person.set_up(device_authorization_endpoint=f"{person.gateway.url}/device")
    done = person.run("login", "--device")

    assert done.code == 1
    assert done.err.startswith("error: ")


def test_intervals_that_are_no_numbers_are_replaced(person: Person) -> None:
    begun = {"device_code": "d", "user_code": "A", "verification_uri": person.gateway.url, "expires_in": "x"}
    person.gateway.routes["/device"] = lambda _seen: json_reply({**begun, "interval": "often"})
    person.gateway.routes["/token"] = lambda _seen: json_reply({"error": "access_denied"}, status=400)
    person.set_up(device_authorization_endpoint=f"{person.gateway.url}/device")
    began_s = person.now_s()
    person.run("login", "--device")

    assert round(person.now_s() - began_s) == 5


def test_a_provider_without_devices_is_said_to_have_none(person: Person, issuer: Issuer) -> None:
    document = {"issuer": person.gateway.url}
    person.gateway.routes["/.well-known/openid-configuration"] = lambda _seen: json_reply(document)
    person.set_up(issuer=person.gateway.url, device_authorization_endpoint=None)
    done = person.run("login", "--device")

    assert done.code == 2
    assert "--no-browser" in done.err


def test_a_device_page_that_is_not_safe_is_not_shown(person: Person) -> None:
    begun = {"device_code": "d", "user_code": "A", "verification_uri": "http://evil.example.com", "expires_in": 12}
    person.gateway.routes["/device"] = lambda _seen: json_reply(begun)
    person.set_up(device_authorization_endpoint=f"{person.gateway.url}/device")

    assert "Open " not in person.run("login", "--device").err
