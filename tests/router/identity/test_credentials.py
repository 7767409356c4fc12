"""Which credential a request carries: exactly one, in a known shape, or none at all."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from opencode_router.errors import Unauthenticated
from opencode_router.identity.credentials import credential
from tests.router.identity.stage import (
    Stage,
    StagedRouter,
)

INVALID = (401, "invalid_token")
CONFLICTING = (401, "conflicting_credentials")
A_KEY = "oc_" + "A" * 43


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_name_of_the_scheme_is_case_insensitive(stage: Stage, router: StagedRouter, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {stage.issuer.token()}"}

    assert (await router.whoami(headers=headers)).status == 200


async def test_no_credential_at_all_is_told_apart_from_a_bad_one(router: StagedRouter) -> None:
    assert await router.refusal() == (401, "missing_credentials")
    assert await router.refusal(headers={"Authorization": "", "X-API-Key": " "}) == (401, "missing_credentials")


@pytest.mark.parametrize(
    "authorization",
    ["Bearer literal-garbage", "Bearer a.b.c", "Bearer", "Bearer a b", "Basic YTpi", "Bearer " + "." * 5, "Bearer é"],
)
async def test_garbage_is_refused(router: StagedRouter, authorization: str) -> None:
    assert await router.refusal(headers={"Authorization": authorization}) == INVALID


async def test_a_token_beside_a_key_is_refused_even_if_both_are_good(stage: Stage, router: StagedRouter) -> None:
    headers = {"Authorization": f"Bearer {stage.issuer.token()}", "X-API-Key": A_KEY}

    assert await router.refusal(headers=headers) == CONFLICTING


async def test_two_different_keys_are_refused(router: StagedRouter) -> None:
    headers = {"Authorization": f"Bearer {A_KEY}", "x-api-key": "oc_" + "B" * 43}

    assert await router.refusal(headers=headers) == CONFLICTING


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key"])
async def test_a_duplicated_header_is_refused_even_if_both_say_the_same(
    stage: Stage, router: StagedRouter, name: str
) -> None:
    value = f"Bearer {stage.issuer.token()}" if name == "Authorization" else A_KEY

    assert await router.refusal(headers=CIMultiDict([(name, value), (name, value)])) == CONFLICTING


async def test_a_jwt_is_no_api_key(stage: Stage, router: StagedRouter) -> None:
    assert await router.refusal(headers={"X-API-Key": stage.issuer.token()}) == (401, "invalid_api_key")


def test_a_token_beyond_16_kib_is_not_even_looked_at() -> None:
    headers = CIMultiDict({"Authorization": "Bearer a.b." + "c" * 16 * 1024})

    with pytest.raises(Unauthenticated, match="longer than 16384"):
        credential(headers)


@settings(max_examples=300, suppress_health_check=[HealthCheck.differing_executors])
@given(st.lists(st.tuples(st.sampled_from(["Authorization", "X-API-Key"]), st.text(max_size=60)), max_size=3))
def test_whatever_the_headers_hold_the_answer_is_one_credential_or_a_refusal(headers: list[tuple[str, str]]) -> None:
    with suppress(Unauthenticated):
        assert credential(CIMultiDict(headers)).text in headers[0][1] + headers[-1][1]
