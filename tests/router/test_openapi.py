"""The document is true: requests made from it, good and bad, get answers that it describes."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from opencode_local.bedrock import BedrockStandIn
from opencode_router.endpoints.openapi import document
from opencode_router.endpoints.routes import ROUTES
from tests.router.running import Router

pytestmark = pytest.mark.usefixtures("api_key")  # made before the drawn requests use up what one person may have

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 25
SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok)}

TAKES_INPUT = {route.path for route in ROUTES if route.body or route.query or "{" in route.path}
TRIALS = [
    pytest.param(label, mode, id=f"{mode.value} {label}")
    for label in sorted(OPERATIONS)
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or "{" in label or label.split()[1] in TAKES_INPUT
]
"""Operations without input cannot be asked wrongly."""


async def test_the_document_is_served_and_describes_every_route(router: Router) -> None:
    async with router.client.get("/openapi.json") as response:
        served = await response.json()

    described = {(method.upper(), path) for path, methods in served["paths"].items() for method in methods}
    assert served["openapi"] == "3.1.0"
    assert described == {(route.method, route.path.replace(":.+", "")) for route in ROUTES}


@pytest.mark.parametrize(("label", "mode"), TRIALS)
async def test_every_answer_is_one_that_the_document_describes(
    router: Router, bedrock: BedrockStandIn, jwt: str, label: str, mode: GenerationMode
) -> None:
    headers = {"Authorization": f"Bearer {jwt}"}

    await asyncio.to_thread(exercise, OPERATIONS[label], mode, router.url, headers)


def exercise(operation: Any, mode: GenerationMode, url: str, headers: Mapping[str, str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers(case: Any) -> None:
        response = case.call(base_url=url, headers=headers, session=session)
        case.validate_response(response, checks=CHECKS)

    with requests.Session() as session:
        session.trust_env = False  # for each request it would look for a .netrc and for proxies
        answers()
