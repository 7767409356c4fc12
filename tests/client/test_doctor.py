"""`doctor` on machines where one thing or another is wrong."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opencode_auth.store import SignIn
from opencode_local.issuer import CLI_CLIENT_ID, Issuer
from opencode_local.ports import free_port
from tests.client.laptop import Laptop
from tests.client.servers import Reply, Server, json_reply, running


@dataclass(frozen=True)
class Surgery:
    """A machine on which all is well but for what a test does to it."""

    laptop: Laptop
    gateway: Server
    issuer: Issuer

    async def findings(self, exit_code: int) -> dict[str, dict[str, Any]]:
        said = await self.laptop.say("doctor", "--json")
        assert said.exit_code == exit_code, said
        return {finding["check"]: finding for finding in json.loads(said.stdout)}

    async def only_problem(self) -> dict[str, Any]:
        problems = [finding for finding in (await self.findings(1)).values() if not finding["is_ok"]]
        assert len(problems) == 1, problems
        return problems[0]

    def settle(self, **changes: str) -> None:
        """What `setup` wrote, with changes."""
        settings = {"api_url": self.gateway.url, "issuer": self.issuer.url, "client_id": CLI_CLIENT_ID, **changes}
        file = self.laptop.own_folder / "config/gateway.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))

    def sign_in(self, **claims: Any) -> None:
        """What `login` wrote, instead of the key."""
        del self.laptop.variables["OPENCODE_API_KEY"]
        now_s = time.time()
        kept = SignIn(
            api_url=self.gateway.url,
            issuer=self.issuer.url,
            client_id=CLI_CLIENT_ID,
            token_endpoint=f"{self.issuer.url}/token",
            revocation_endpoint=None,
            access_token=self.issuer.token("ada", **claims),
            refresh_token=None,
            scope="openid",
            issued_s=now_s,
            expires_s=now_s + 3600,
            refresh_due_s=now_s + 2880,
            subject="ada",
            email=None,
            name=None,
            is_renewed=False,
        )
        self.laptop.write("of-opencode-auth/state/tokens.json", json.dumps({"place": "file", "sign_in": asdict(kept)}))


@pytest_asyncio.fixture
async def surgery(tmp_path: Path, issuer: Issuer) -> AsyncIterator[Surgery]:
    with running() as gateway:
        published = {"api_url": gateway.url, "issuer": issuer.url, "client_id": CLI_CLIENT_ID}
        gateway.routes["/.well-known/opencode"] = lambda _seen: json_reply({"gateway": published})
        gateway.routes["/v1/models"] = lambda _seen: json_reply({"data": []})
        variables = {"OPENCODE_AUTH_STORE": "file", "OPENCODE_API_KEY": "sk-of-ada"}
        ready = Surgery(Laptop(tmp_path, "", variables), gateway, issuer)
        ready.settle()
        yield ready
        await ready.laptop.say("proxy", "stop")


async def test_where_all_is_well_every_line_says_ok_and_a_key_asks_no_provider(surgery: Surgery) -> None:
    said = await surgery.laptop.say("doctor")
    assert (said.exit_code, said.stderr) == (0, "")
    assert all("  ok  " in line for line in said.stdout.splitlines())
    assert {"issuer", "token"}.isdisjoint(await surgery.findings(0))
    assert "sk-of-ada" not in said.stdout


async def test_a_person_who_is_signed_in_is_named(surgery: Surgery) -> None:
    surgery.sign_in()
    findings = await surgery.findings(0)
    assert findings["issuer"]["is_ok"]
    assert "ada" in findings["token"]["detail"]


async def test_nothing_is_checked_before_a_set_up(surgery: Surgery) -> None:
    (surgery.laptop.own_folder / "config/gateway.json").unlink()
    found = await surgery.only_problem()
    assert (found["check"], found["hint"]) == ("settings", "opencode-auth setup https://HOST")


async def test_a_name_without_an_address_is_told_from_a_server_that_is_down(surgery: Surgery) -> None:
    surgery.settle(api_url="https://gateway.invalid")
    findings = await surgery.findings(1)
    assert not findings["dns"]["is_ok"]
    surgery.settle(api_url=f"http://127.0.0.1:{free_port(0)}")
    findings = await surgery.findings(1)
    assert (findings["dns"]["is_ok"], findings["tls"]["is_ok"]) == (True, False)


@pytest.mark.parametrize(("ahead_s", "word"), [(-600, "behind"), (600, "ahead of")])
async def test_a_clock_that_is_wrong_is_found_by_the_gateways(surgery: Surgery, ahead_s: int, word: str) -> None:
    surgery.laptop.variables["OPENCODE_AUTH_CLOCK"] = str(surgery.laptop.write("clock", str(time.time() + ahead_s)))
    found = await surgery.only_problem()
    assert found["check"] == "clock"
    assert word in found["detail"]


@pytest.mark.parametrize("name", ["issuer", "client_id"])
async def test_settings_that_have_changed_since_are_found(surgery: Surgery, name: str) -> None:
    surgery.settle(**{name: "http://127.0.0.1:1/other"})
    found = await surgery.only_problem()
    assert (found["check"], name in found["detail"]) == ("published settings", True)
    assert found["hint"] == f"opencode-auth setup {surgery.gateway.url}"


async def test_a_provider_that_is_down_is_found(surgery: Surgery) -> None:
    surgery.sign_in()
    surgery.issuer.fail(503)
    found = await surgery.only_problem()
    surgery.issuer.fail(None)
    assert found["check"] == "issuer"


@pytest.mark.parametrize("claims", [{"iss": "https://other.example"}, {"aud": "another-client"}])
async def test_a_token_that_is_not_for_this_gateway_is_found(surgery: Surgery, claims: dict[str, str]) -> None:
    surgery.sign_in(**claims)
    found = await surgery.only_problem()
    assert (found["check"], found["hint"]) == ("token", "opencode-auth login")


async def test_what_the_gateway_says_to_the_credential_is_shown(surgery: Surgery) -> None:
    said = {"error": {"message": "opencode-auth 0.1.0 is too old", "hint": "uv tool upgrade opencode-auth"}}
    surgery.gateway.routes["/v1/models"] = lambda _seen: json_reply(said, status=426)
    found = await surgery.only_problem()
    assert (found["check"], found["detail"]) == ("credential", said["error"]["message"])
    assert found["hint"] == said["error"]["hint"]

    surgery.gateway.routes["/v1/models"] = lambda _seen: Reply(status=500)
    assert "500" in (await surgery.only_problem())["detail"]


async def test_a_proxy_for_another_key_is_found(surgery: Surgery) -> None:
    await surgery.laptop.say("proxy", "start", "--port", str(free_port(0)))
    assert "running at" in (await surgery.findings(0))["proxy"]["detail"]
    surgery.laptop.variables["OPENCODE_API_KEY"] = "sk-of-bob"
    found = await surgery.only_problem()
    assert (found["check"], found["hint"]) == ("proxy", "opencode-auth proxy start")


async def test_a_tool_that_leads_elsewhere_is_found(surgery: Surgery) -> None:
    surgery.gateway.routes["/v1/messages"] = lambda _seen: Reply(status=405)
    said = await surgery.laptop.say("use", "claude-code", "--yes")
    assert said.exit_code == 0, said
    assert "configured in" in (await surgery.findings(0))["claude-code"]["detail"]

    (surgery.laptop.home / ".claude/settings.json").unlink()
    found = await surgery.only_problem()
    assert (found["check"], found["hint"]) == ("claude-code", "opencode-auth use claude-code")
