"""`token`: fresh whenever it is asked for, refreshed once for everyone, never at the price of a browser."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opencode_auth import tokens
from opencode_auth.errors import SignInNeeded
from opencode_local.issuer import Issuer
from tests.client.person import Browser, Person
from tests.client.servers import Reply, Seen, json_reply
from tests.client.tokens_asked import LIFE_S, failing, refreshes, token


def test_a_fresh_token_is_handed_out_without_asking_anybody(ada: Person) -> None:
    assert token(ada) == token(ada)
    assert ada.gateway.seen == []


def test_the_token_is_the_access_token_and_not_the_id_token(ada: Person) -> None:
    payload = token(ada).split(".")[1]

    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["token_use"] == "access"


@pytest.mark.parametrize(("share", "count"), [(0.74, 0), (0.86, 1)])
def test_a_token_is_refreshed_at_four_fifths_of_its_life(ada: Person, share: float, count: int) -> None:
    before = token(ada)
    ada.pass_time(LIFE_S * share)

    assert (token(ada) != before) == (count == 1)
    assert refreshes(ada) == count


def test_machines_refresh_at_moments_of_their_own(person: Person) -> None:
    due = set()
    for _ in range(5):
        person.signed_in()
        kept = json.loads(person.state("tokens.json").read_text())["sign_in"]
        due.add(round(kept["refresh_due_s"] - kept["issued_s"], 3))
        person.state("tokens.json").unlink()

    assert len(due) > 1
    assert all(0.75 * LIFE_S <= each <= 0.85 * LIFE_S for each in due)


def test_a_token_that_a_long_job_asks_for_lasts_as_long(ada: Person) -> None:
    ada.pass_time(LIFE_S * 0.6)
    before = token(ada)

    assert token(ada, "--minimum-left", "1500") != before
    assert refreshes(ada) == 1


def test_asking_for_more_than_a_token_can_give_does_not_refresh_all_the_time(ada: Person) -> None:
    for _ in range(3):
        token(ada, "--minimum-left", "86400")

    assert refreshes(ada) == 0


def test_the_json_says_until_when(ada: Person) -> None:
    said = json.loads(token(ada, "--json"))

    assert said["token_type"] == "Bearer"
    assert said["expires"].endswith("Z")


def at_once(count: int, action: Callable[[], Any]) -> list[Any]:
    """What threads that start together return."""
    barrier = threading.Barrier(count)
    results: list[Any] = []

    def run() -> None:
        barrier.wait()
        results.append(action())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_processes_that_refresh_at_once_make_one_refresh(ada: Person) -> None:
    """The first one's refresh is answered only when the second one has come as far as the lock."""
    ada.pass_time(LIFE_S)
    issuer_says = ada.gateway.routes["/token"]
    others: list[Any] = []

    def slow(seen: Seen) -> Reply:
        if not others:
            others.append(ada.started("token"))
            opened(others[0].pid, "refresh.lock")
        return issuer_says(seen)

    ada.gateway.routes["/token"] = slow
    first = ada.started("token")
    first_out, first_err = first.communicate(timeout=20)
    second_out, second_err = others[0].communicate(timeout=20)

    assert (first.returncode, others[0].returncode) == (0, 0), first_err + second_err
    assert first_out == second_out
    assert refreshes(ada) == 1


def opened(pid: int, name: str) -> None:
    """Returns once a process has a file of this name open, or has ended."""
    folder = Path(f"/proc/{pid}/fd")
    stat = Path(f"/proc/{pid}/stat")
    while stat.read_text().rpartition(")")[2].split()[0] != "Z":
        try:
            if any(each.resolve().name == name for each in folder.iterdir()):
                return
        except OSError:
            continue


def test_threads_that_refresh_at_once_make_one_refresh(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.pass_time(LIFE_S)
    for name, value in ada.environment.items():
        monkeypatch.setenv(name, value)

    assert len({*at_once(8, tokens.access_token)}) == 1
    assert refreshes(ada) == 1


def test_a_rejected_token_is_replaced_once_for_all_who_had_it(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a token that is rejected as soon as it was made is not the reason."""
    for name, value in ada.environment.items():
        monkeypatch.setenv(name, value)
    rejected = tokens.access_token()
    replaced = {*at_once(4, lambda: tokens.access_token(rejected=rejected))}
    [following] = replaced

    assert following != rejected
    assert tokens.access_token(rejected=following) == following
    assert refreshes(ada) == 1
    ada.pass_time(60)
    assert tokens.access_token(rejected=following) != following


def test_no_browser_is_opened_by_anything_but_login(ada: Person) -> None:
    program = ada.home / "browser"
    program.write_text(f"#!/bin/sh\ntouch {ada.home}/opened\n")
    program.chmod(0o700)
    failing(ada, json_reply({"error": "invalid_grant"}, status=400))
    ada.pass_time(LIFE_S * 2)
    process = ada.started("token", BROWSER=str(program))
    process.communicate(timeout=20)

    assert process.returncode == 3
    assert not (ada.home / "opened").exists()


def test_a_provider_that_does_not_rotate_keeps_its_refresh_token_useful(ada: Person, issuer: Issuer) -> None:
    kept = json.loads(ada.state("tokens.json").read_text())["sign_in"]["refresh_token"]
    answer = {"access_token": issuer.token("ada", use="access"), "token_type": "bearer", "expires_in": "3600"}
    failing(ada, json_reply(answer))
    for _ in range(2):
        ada.pass_time(LIFE_S)
        token(ada)

    assert [seen.form["refresh_token"] for seen in ada.gateway.seen] == [kept, kept]


def test_a_clock_that_jumps_ahead_costs_one_refresh_and_no_sign_in(ada: Person) -> None:
    ada.pass_time(10 * 365 * 86_400)
    token(ada)
    token(ada)

    assert refreshes(ada) == 1


def test_a_clock_that_was_set_back_makes_no_token_last_longer(ada: Person) -> None:
    before = token(ada)
    ada.pass_time(-86_400)

    assert token(ada) != before
    token(ada)
    assert refreshes(ada) == 1


def test_tokens_go_to_no_other_gateway_than_theirs(ada: Person) -> None:
    ada.set_up(client_id="another-client")
    done = ada.run("token")

    assert (done.code, done.out) == (3, "")


def test_a_key_in_the_environment_takes_the_place_of_a_sign_in(person: Person) -> None:
    assert token(person, OPENCODE_API_KEY="ock_of_ada") == "ock_of_ada"
    assert json.loads(token(person, "--json", OPENCODE_API_KEY="ock_of_ada"))["access_token"] == "ock_of_ada"
    assert person.run("token", OPENCODE_API_KEY="  ").code == 3
    assert person.run("token", OPENCODE_API_KEY="ock_a\nX-Header: b").code == 2


def test_a_folder_that_cannot_be_written_gives_the_token_that_lasts_and_keeps_the_refresh_token(ada: Person) -> None:
    """The lock's place is taken by a folder: nothing can be locked, whoever runs this."""
    (ada.state("refresh.lock")).unlink()
    (ada.state("refresh.lock")).mkdir()
    token(ada)
    ada.pass_time(LIFE_S)
    done = ada.run("token")

    assert done.code == 2
    assert "refresh.lock" in done.err
    assert refreshes(ada) == 0


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"place": "file", "sign_in": {"access_token": "a"}}'])
def test_tokens_that_were_damaged_are_no_crash(ada: Person, content: str) -> None:
    ada.state("tokens.json").write_text(content)

    assert ada.run("token").code == 3
    assert ada.sign_in(Browser()).code == 0


def test_nobody_signed_in_is_an_error_of_its_own(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in person.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("OPENCODE_API_KEY", raising=False)

    with pytest.raises(SignInNeeded):
        tokens.access_token()
