"""`token` while the provider does not answer, or says no for good."""

import json

import pytest

from opencode_local.issuer import Issuer
from tests.client.person import Person
from tests.client.servers import Reply, forwarded, json_reply, page_reply
from tests.client.tokens_asked import LIFE_S, failing, refreshes, token


@pytest.mark.parametrize(
    "reply",
    [
        page_reply(502),
        page_reply(200),
        json_reply({"error": "server_error"}, status=500),
        json_reply({"error": "rate"}, status=429),
        json_reply({"error": "invalid_client"}, status=401),
        json_reply({"token_type": "Bearer"}),
    ],
)
def test_a_provider_out_of_order_costs_nothing_while_the_token_lasts(ada: Person, reply: Reply) -> None:
    before = token(ada)
    answers = ada.gateway.routes["/token"]
    failing(ada, reply)
    ada.pass_time(LIFE_S * 0.9)
    assert token(ada) == before

    ada.gateway.routes["/token"] = answers
    ada.pass_time(10)

    assert token(ada) != before, "the refresh token survived"


def test_when_nothing_is_left_the_provider_is_named_and_the_sign_in_stays(ada: Person) -> None:
    failing(ada, page_reply(502))
    ada.pass_time(LIFE_S * 2)
    done = ada.run("token")

    assert done.code == 1
    assert "next try in" in done.err
    assert ada.run("status").code == 0


def test_failures_are_shared_so_that_no_process_asks_too_early(ada: Person) -> None:
    failing(ada, page_reply(502))
    ada.pass_time(LIFE_S * 2)
    for _ in range(5):
        assert ada.run("token").code == 1
    process = ada.started("token")
    process.communicate(timeout=20)

    assert process.returncode == 1
    assert refreshes(ada) == 1


def test_the_pauses_grow_to_a_limit_and_stay_there_however_long_it_lasts(ada: Person) -> None:
    """A hundred failures: a shift without a cap would long have overflowed, and asked without a pause."""
    failing(ada, page_reply(502))
    ada.pass_time(LIFE_S * 2)
    pauses = []
    for _ in range(100):
        assert ada.run("token").code == 1
        pauses.append(json.loads(ada.state("backoff.json").read_text())["until_s"] - ada.now_s())
        ada.pass_time(pauses[-1] + 0.001)

    assert refreshes(ada) == 100
    assert 1 <= pauses[0] <= 2
    assert all(150 <= pause <= 300 for pause in pauses[9:])
    assert len({round(pause, 3) for pause in pauses[9:]}) > 10, "with jitter"


@pytest.mark.parametrize(("asked_s", "kept_s"), [("120", 120), ("99999999", 300)])
def test_the_providers_own_pause_is_kept_within_reason(ada: Person, asked_s: str, kept_s: float) -> None:
    failing(ada, json_reply({}, status=429, Retry_After=asked_s))
    ada.pass_time(LIFE_S * 2)
    ada.run("token")

    left_s = json.loads(ada.state("backoff.json").read_text())["until_s"] - ada.now_s()

    assert round(left_s) == kept_s


def test_a_success_ends_the_pauses(ada: Person, issuer: Issuer) -> None:
    failing(ada, page_reply(502))
    ada.pass_time(LIFE_S * 2)
    ada.run("token")
    ada.gateway.routes["/token"] = forwarded(issuer.url)
    ada.pass_time(10)
    token(ada)

    assert not ada.state("backoff.json").exists()


def test_a_revoked_sign_in_asks_for_the_person_and_not_for_the_provider_again(ada: Person) -> None:
    failing(ada, json_reply({"error": "invalid_grant"}, status=400))
    ada.pass_time(LIFE_S * 2)
    for _ in range(3):
        done = ada.run("token")
        assert (done.code, done.out) == (3, "")
        assert "hint: opencode-auth login" in done.err

    assert refreshes(ada) == 1
    assert ada.run("status").code == 3


def test_a_clock_that_was_set_back_does_not_lengthen_a_pause(ada: Person, issuer: Issuer) -> None:
    failing(ada, page_reply(502))
    ada.pass_time(LIFE_S * 2)
    ada.run("token")
    ada.gateway.routes["/token"] = forwarded(issuer.url)
    ada.pass_time(-LIFE_S * 24)

    token(ada)
