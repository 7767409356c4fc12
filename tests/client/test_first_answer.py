"""The client and the real gateway: from one address to an answer."""

import asyncio
import json
import re
import time
from pathlib import Path

import pytest

from opencode_auth.version import VERSION
from opencode_local.issuer import Issuer
from tests.client.person import Person, new_person
from tests.client.servers import Server
from tests.router.running import Router


@pytest.fixture
def newcomer(tmp_path: Path, stub_gateway: Server, issuer: Issuer) -> Person:
    """Has a machine, and an address from a colleague."""
    return new_person(tmp_path, stub_gateway, issuer, now_s=time.time())


async def test_from_one_address_to_the_first_answer(newcomer: Person, router: Router) -> None:
    def journey() -> None:
        assert (done := newcomer.run("setup", router.url)).code == 0, done.err
        assert (done := newcomer.sign_in_by_paste()).code == 0, done.err
        token = newcomer.run("token").out.strip()
        assert (done := newcomer.run("ci", OPENCODE_ID_TOKEN=token)).code == 0, done.err
        assert (done := newcomer.run("logout")).code == 0, done.err

    await asyncio.to_thread(journey)


async def test_the_gateway_takes_the_very_token_that_is_printed(newcomer: Person, router: Router) -> None:
    def signed_in() -> str:
        newcomer.run("setup", router.url)
        newcomer.sign_in_by_paste()
        return newcomer.run("token").out.strip()

    token = await asyncio.to_thread(signed_in)
    headers = {"Authorization": f"Bearer {token}", "User-Agent": f"opencode-auth/{VERSION}"}
    async with router.client.get("/v1/models", headers=headers) as response:
        assert response.status == 200
        assert json.loads(await response.text())["data"]


async def test_a_job_that_the_gateway_does_not_know_is_told_so(newcomer: Person, router: Router) -> None:
    def asked() -> str:
        newcomer.run("setup", router.url)
        return newcomer.run("ci", OPENCODE_ID_TOKEN="eyJ.of.nobody").err

    assert re.search("does not accept this job", await asyncio.to_thread(asked))
