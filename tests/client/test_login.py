"""`login` by the browser of this machine."""

import json
import socket
import stat
from typing import Any
from urllib.parse import urlsplit

import pytest

from opencode_auth import notice
from opencode_local.issuer import Issuer
from tests.client.person import JWT, Browser, Person, query, taken, with_query
from tests.client.servers import Reply, Seen, forwarded, json_reply


def test_a_person_signs_in_with_their_browser(person: Person) -> None:
    browser = Browser()
    done = person.sign_in(browser, "--json")
    said = json.loads(done.out)

    assert done.code == 0
    assert (said["email"], said["refreshes"], said["kept_in"]) == ("ada@example.com", True, "file")
    assert [status for status, _ in browser.ends] == [200]
    assert "ada@example.com" in person.run("status").out


def test_one_page_is_opened_and_asks_for_all_that_protects_a_sign_in(person: Person) -> None:
    browser = Browser()
    person.sign_in(browser)
    [page] = browser.pages
    asked = query(page)

    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert "offline_access" in asked["scope"].split()
    secrets = [asked[name] for name in ("state", "nonce", "code_challenge")]
    assert all(len(secret) == 43 for secret in secrets)
    assert len({*secrets}) == 3


def test_tokens_are_kept_for_their_owner_alone_and_shown_nowhere(person: Person) -> None:
    done = person.sign_in(Browser())
    kept = person.state("tokens.json")

    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    refresh_token = json.loads(kept.read_text())["sign_in"]["refresh_token"]
    for each in (done, person.run("status"), person.run("status", "--json")):
        assert not JWT.search(each.out + each.err)
        assert refresh_token not in each.out + each.err


@pytest.mark.parametrize("scopes", ["openid email", "openid offline_access"])
def test_the_person_can_ask_for_other_scopes(person: Person, scopes: str) -> None:
    person.run("setup", person.gateway.url, "--scopes", scopes)
    browser = Browser()
    person.sign_in(browser)

    assert query(browser.pages[0])["scope"] == scopes


def test_without_a_refresh_token_the_person_is_told(person: Person, issuer: Issuer) -> None:
    def without(seen: Seen) -> Reply:
        reply = forwarded(issuer.url)(seen)
        document = json.loads(reply.body)
        return json_reply({name: value for name, value in document.items() if name != "refresh_token"})

    person.gateway.routes["/token"] = without

    assert "offline_access" in person.sign_in(Browser()).err


def test_the_callback_listens_on_this_machine_alone_and_knows_its_name(person: Person) -> None:
    """A page of a foreign name that leads here, another path, another method: none of them is an answer."""
    statuses: dict[str, int] = {}

    def probing(url: str) -> str:
        here = urlsplit(url)
        probe = Browser()
        for host in ("evil.example.com", f"evil.example.com:{here.port}", "127.0.0.1", "[::1]"):
            statuses[host] = probe.fetch(url, Host=host)[0]
        statuses["path"] = probe.fetch(f"http://{here.netloc}/other?{here.query}")[0]
        statuses["post"] = probe.fetch(url, {"a": "b"})[0]
        with socket.socket() as elsewhere:
            statuses["address"] = elsewhere.connect_ex(("127.0.0.2", here.port or 0))
        return url

    done = person.sign_in(Browser(probing))

    assert done.code == 0
    assert statuses.pop("address") != 0
    assert statuses == {
        "evil.example.com": 403,
        f"evil.example.com:{[*statuses][1].partition(':')[2]}": 403,
        "127.0.0.1": 403,
        "[::1]": 403,
        "path": 404,
        "post": 501,
    }


def test_the_pages_of_the_callback_repeat_nothing_and_run_nothing(person: Person) -> None:
    browser = Browser(lambda url: [with_query(url, state="<script>alert(1)</script>"), url])
    person.sign_in(browser)

    assert all("<script>" not in text and "alert" not in text for _, text in browser.ends)


def test_a_port_that_is_taken_gives_way_to_the_next_one_that_the_provider_knows(person: Person) -> None:
    first, second = free_ports()
    person.set_up(callback_ports=[first, second])
    browser = Browser()
    with taken(first):
        done = person.sign_in(browser)

    assert done.code == 0
    assert query(browser.pages[0])["redirect_uri"] == f"http://127.0.0.1:{second}/callback"


def test_when_every_port_is_taken_the_person_is_told_of_other_ways(person: Person) -> None:
    first, _ = free_ports()
    person.set_up(callback_ports=[first])
    with taken(first):
        done = person.sign_in(Browser())

    assert done.code == 1
    assert "--device" in done.err


def free_ports() -> list[int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return [one.getsockname()[1], other.getsockname()[1]]


def test_a_second_sign_in_opens_no_second_page(person: Person) -> None:
    attempts: list[Any] = []

    def meanwhile(url: str) -> str:
        attempts.append(person_in_a_second_window(person))
        return url

    browser = Browser(meanwhile)
    done = person.sign_in(browser)

    assert done.code == 0
    assert attempts[0].wait() == 1
    assert "another sign-in is waiting" in attempts[0].communicate()[1]


def person_in_a_second_window(person: Person) -> Any:
    process = person.started("login", BROWSER="true")
    process.wait()
    return process


def test_the_person_is_told_once_until_they_sign_in(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCODE_AUTH_HOME", person.environment["OPENCODE_AUTH_HOME"])
    assert [notice.is_first() for _ in range(3)] == [True, False, False]

    person.signed_in()

    assert notice.is_first()


def test_nobody_answering_ends_the_wait(person: Person) -> None:
    done = person.sign_in(Browser(lambda _url: []), "--timeout", "1")

    assert done.code == 1
    assert "nobody signed in" in done.err


def test_the_whole_sign_in_works_as_a_process_with_the_systems_browser(person: Person) -> None:
    """BROWSER is a program that notes each page it is given: one, though nobody is quick."""
    program = person.home / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> {person.home}/pages\n')
    program.chmod(0o700)
    process = person.started("login", BROWSER=str(program))
    assert process.stderr
    page = next(line.strip() for line in process.stderr if line.startswith("http"))
    Browser().play(page)
    out, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert "ada@example.com" in out
    assert (person.home / "pages").read_text().splitlines() == [page]


def test_signing_in_needs_no_sign_in_of_a_person_with_a_key(person: Person) -> None:
    done = person.run("status", OPENCODE_API_KEY="ock_secret")

    assert done.code == 0
    assert "ock_secret" not in done.out
