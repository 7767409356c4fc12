"""The proxy looks for a newer version, so that commands can tell of it without asking."""

import asyncio
import threading

import pytest

from opencode_auth.updates import background, notice
from tests.client.person import Person
from tests.client.releases import NEW, Depot
from tests.client.servers import Reply, Seen

PATIENCE_S = 20.0


async def test_a_check_of_a_process_of_its_own_is_what_commands_tell(
    depot: Depot, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in person.process_environment().items():
        monkeypatch.setenv(name, value)
    depot.publish()
    assert background.is_due()

    await background.check()

    assert not background.is_due()
    assert f"opencode-auth {NEW} is there" in person.run("status").err
    person.pass_time(notice.GOOD_FOR_S)
    assert background.is_due()
    monkeypatch.setenv(notice.OFF_VARIABLE, "1")
    assert not background.is_due()


def test_a_gateway_without_releases_is_never_asked(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in person.environment.items():
        monkeypatch.setenv(name, value)
    assert not background.is_due()


async def test_a_note_that_cannot_be_read_does_not_end_the_checks(
    depot: Depot, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in person.environment.items():
        monkeypatch.setenv(name, value)
    depot.publish()
    notice.file().mkdir(parents=True)

    checks = asyncio.create_task(background.keep_checking())
    await asyncio.sleep(0)
    is_over = checks.done()
    checks.cancel()

    assert not is_over


def test_the_proxy_asks_when_it_starts_and_stops_without_waiting_for_the_answer(depot: Depot, person: Person) -> None:
    depot.publish()
    asked, over = threading.Event(), threading.Event()

    def slow(_seen: Seen) -> Reply:
        asked.set()
        over.wait(PATIENCE_S)
        return Reply(status=503)

    depot.server.routes["/version.json"] = slow
    assert person.run("proxy", "start").code == 0
    assert asked.wait(PATIENCE_S)
    stopped = person.run("proxy", "stop")
    is_answered = over.is_set()
    over.set()

    assert (stopped.out, is_answered) == ("stopped\n", False)
