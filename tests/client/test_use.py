"""`use` writes a tool's own configuration, shows it first, keeps what is the person's and takes it back on demand."""

import os
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from opencode_auth.tools import connection, sdk
from tests.client.laptop import CLAUDE, CODEX, OPENCODE, PERSONS_OWN, Laptop, ended, settings
from tests.router.running import Router


async def test_opencode_gets_a_provider_with_all_models_that_can_use_tools(laptop: Laptop, router: Router) -> None:
    said = await laptop.say("use", "opencode", "--direct", "--yes")

    assert said.exit_code == 0, said
    written = settings(laptop, OPENCODE)
    provider = written["provider"]["bedrock"]
    assert provider["npm"] == "@ai-sdk/openai-compatible"
    assert provider["options"] == {"baseURL": f"{router.url}/v1", "apiKey": "{env:OPENCODE_API_KEY}"}
    assert provider["models"]["claude-sonnet-5"]["limit"].keys() == {"context", "output"}
    assert written["model"].removeprefix("bedrock/") in provider["models"]


async def test_claude_code_gets_the_address_and_a_helper_and_no_secret(laptop: Laptop, router: Router) -> None:
    said = await laptop.say("use", "claude-code", "--yes", "--model", "claude-sonnet-5")

    assert said.exit_code == 0, said
    written = settings(laptop, CLAUDE)
    assert written["env"]["ANTHROPIC_BASE_URL"] == router.url
    assert int(written["env"]["CLAUDE_CODE_API_KEY_HELPER_TTL_MS"]) > 0
    assert written["model"] == "claude-sonnet-5"
    printed = await laptop.shell("sh", "-c", written["apiKeyHelper"])
    assert printed.strip() == laptop.credential
    assert laptop.credential not in (laptop.home / CLAUDE).read_text()


async def test_the_change_is_shown_before_it_is_made(laptop: Laptop, router: Router) -> None:
    laptop.write(CLAUDE, PERSONS_OWN)

    said = await laptop.say("use", "claude-code", "--yes")

    added = [line[1:] for line in said.stdout.splitlines() if line.startswith("+ ")]
    assert f'    "ANTHROPIC_BASE_URL": "{router.url}",' in added
    assert not [line for line in said.stdout.splitlines() if line.startswith("-") and "theme" in line]


async def test_the_secrets_of_the_person_are_not_shown(laptop: Laptop) -> None:
    laptop.write(OPENCODE, '{\n  "provider": {"bedrock": {"options": {"apiKey": "sk-old"}}},\n  "token": "sk-other"\n}')

    said = await laptop.say("use", "opencode", "--direct", "--yes")
    undone = await laptop.say("use", "opencode", "--undo", "--yes")

    assert "{env:OPENCODE_API_KEY}" in said.stdout
    assert "sk-" not in said.stdout + undone.stdout
    assert "sk-old" in (laptop.home / OPENCODE).read_text()


async def test_other_credentials_that_go_before_ours_are_pointed_out(laptop: Laptop) -> None:
    laptop.write(CLAUDE, '{"env": {"ANTHROPIC_API_KEY": "sk-mine"}}')
    laptop.variables["ANTHROPIC_AUTH_TOKEN"] = "sk-other"

    said = await laptop.say("use", "claude-code", "--yes")

    assert "note: env.ANTHROPIC_API_KEY in its file goes before this" in said.stderr
    assert "note: ANTHROPIC_AUTH_TOKEN in the environment goes before this" in said.stderr
    assert "sk-" not in said.stdout + said.stderr


async def test_without_a_terminal_nothing_is_written_unless_told_to(laptop: Laptop) -> None:
    said = await laptop.say("use", "claude-code")

    assert said.exit_code == 2
    assert "hint: add --yes" in said.stderr
    assert not (laptop.home / CLAUDE).exists()


@pytest.mark.parametrize(("answer", "is_written"), [("n", False), ("y", True)])
async def test_on_a_terminal_the_person_is_asked(laptop: Laptop, answer: str, is_written: bool) -> None:
    keyboard, terminal = os.openpty()
    process = await laptop.start("use", "claude-code", stdin=terminal)
    os.write(keyboard, f"{answer}\n".encode())

    said = await ended(process)
    os.close(keyboard)
    os.close(terminal)

    assert said.exit_code == 0, said
    assert (laptop.home / CLAUDE).exists() == is_written
    assert "Write this to" in said.stderr


async def test_what_the_person_wrote_stays_to_the_byte(laptop: Laptop) -> None:
    laptop.write(CLAUDE, PERSONS_OWN)

    await laptop.say("use", "claude-code", "--yes")

    written = (laptop.home / CLAUDE).read_text()
    signs = iter(written)
    assert all(sign in signs for sign in PERSONS_OWN), "only additions"
    assert '  "theme": "dark", // at night\n' in written


async def test_a_models_own_settings_of_the_person_stay_and_their_default_too(laptop: Laptop) -> None:
    laptop.write(OPENCODE, '{"model": "other/model", "provider": {"bedrock": {"models": {"mine": {"name": "Mine"}}}}}')

    await laptop.say("use", "opencode", "--direct", "--yes")

    written = settings(laptop, OPENCODE)
    assert written["model"] == "other/model"
    assert written["provider"]["bedrock"]["models"]["mine"] == {"name": "Mine"}


@pytest.mark.parametrize(
    ("text", "message"),
    [('{"env": 1}', "expected an object at 'env'"), ('{"env": {}', "line 1, column 11: expected")],
)
async def test_a_file_that_is_not_understood_is_left_alone(laptop: Laptop, text: str, message: str) -> None:
    file = laptop.write(CLAUDE, text)

    said = await laptop.say("use", "claude-code", "--yes")

    assert said.exit_code == 1
    assert message in said.stderr
    assert str(file) in said.stderr
    assert file.read_text() == text


async def test_a_link_stays_a_link_and_a_mode_stays_a_mode(laptop: Laptop) -> None:
    target = laptop.write("dotfiles/claude.json", "{}")
    target.chmod(0o640)
    (laptop.home / ".claude").mkdir()
    (laptop.home / CLAUDE).symlink_to(target)

    await laptop.say("use", "claude-code", "--yes")

    assert (laptop.home / CLAUDE).is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert "ANTHROPIC_BASE_URL" in target.read_text()


async def test_a_model_that_the_gateway_does_not_have_is_refused_with_the_nearest(laptop: Laptop) -> None:
    said = await laptop.say("use", "claude-code", "--model", "claude-sonet-5", "--yes")

    assert said.exit_code == 2
    assert "no model 'claude-sonet-5'" in said.stderr
    assert "claude-sonnet-5" in said.stderr.split("hint:")[1]


async def test_codex_is_not_configured_for_a_gateway_that_it_cannot_speak_to(laptop: Laptop) -> None:
    server = await a_gateway(paths=("/v1/chat/completions",))
    laptop.point_at(str(server.make_url("")).rstrip("/"))

    said = await laptop.say("use", "codex", "--yes")
    await server.close()

    assert said.exit_code == 1
    assert "does not offer POST /v1/responses" in said.stderr
    assert not (laptop.home / CODEX).exists()


async def test_codex_is_configured_for_this_gateway(laptop: Laptop, router: Router) -> None:
    said = await laptop.say("use", "codex", "--yes", "--model", "gpt-oss-120b")

    assert said.exit_code == 0, said
    written = tomllib.loads((laptop.home / CODEX).read_text())
    provider = written["model_providers"][written["model_provider"]]
    assert (written["model"], provider["base_url"]) == ("gpt-oss-120b", f"{router.url}/v1")
    assert written["web_search"] == "disabled"
    assert (written["model_context_window"], written["agents"]) == (128_000, {"enabled": False})


@pytest.mark.parametrize(("before", "model"), [("", "gpt-6-sol"), ('model = "mine"\n', "mine")])
async def test_codex_begins_with_a_model_that_speaks_its_protocol_unless_the_person_has_one(
    laptop: Laptop, before: str, model: str
) -> None:
    laptop.write(CODEX, before)

    said = await laptop.say("use", "codex", "--yes")

    assert said.exit_code == 0, said
    written = tomllib.loads((laptop.home / CODEX).read_text())
    assert written["model"] == model
    assert not {"model_context_window", "agents"} & written.keys()


async def a_gateway(
    config: dict[str, Any] | None = None, *, paths: Sequence[str] = ("/v1/responses", "/v1/chat/completions")
) -> TestServer:
    """With two models and the opencode.json that it publishes; `paths` take any request."""

    async def listing(_request: web.Request) -> web.Response:
        entry = {"context_length": 128_000, "max_output_tokens": 16_384, "capabilities": {"tools": True}}
        return web.json_response({"data": [{**entry, "id": name} for name in ("gpt-oss-20b", "gpt-oss-120b")]})

    async def settings(_request: web.Request) -> web.Response:
        return web.json_response({"config": config}) if config else web.Response(status=404)

    async def inference(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/v1/models", listing)
    app.router.add_get("/.well-known/opencode", settings)
    for path in paths:
        app.router.add_post(path, inference)
    server = TestServer(app)
    await server.start_server()
    return server


async def test_opencode_begins_with_the_model_that_the_gateway_says(laptop: Laptop) -> None:
    models: dict[str, Any] = {"gpt-oss-20b": {}, "gpt-oss-120b": {}}
    server = await a_gateway({"model": "bedrock/gpt-oss-120b", "provider": {"bedrock": {"models": models}}})
    laptop.point_at(str(server.make_url("")).rstrip("/"))

    said = await laptop.say("use", "opencode", "--direct", "--yes")
    await server.close()

    assert said.exit_code == 0, said
    written = settings(laptop, OPENCODE)
    assert written["model"] == "bedrock/gpt-oss-120b"
    assert written["provider"]["bedrock"]["models"].keys() == models.keys()


async def test_opencode_is_given_no_model_that_the_gateway_does_not_publish_for_it(laptop: Laptop) -> None:
    server = await a_gateway({"provider": {"bedrock": {"models": {"gpt-oss-20b": {}}}}})
    laptop.point_at(str(server.make_url("")).rstrip("/"))

    await laptop.say("use", "opencode", "--direct", "--yes")
    await server.close()

    assert [*settings(laptop, OPENCODE)["provider"]["bedrock"]["models"]] == ["gpt-oss-20b"]


async def test_codex_gets_a_provider_with_a_command_for_its_credential(laptop: Laptop) -> None:
    server = await a_gateway()
    laptop.point_at(str(server.make_url("")).rstrip("/"))
    before = '# mine\nmodel = "gpt-6" # for now\n\n[mcp_servers.docs]\ncommand = "docs" # local\n'
    file = laptop.write(CODEX, before)

    said = await laptop.say("use", "codex", "--yes", "--model", "gpt-oss-120b")

    assert said.exit_code == 0, said
    written = tomllib.loads(file.read_text())
    provider = written["model_providers"][written["model_provider"]]
    assert written["model"] == "gpt-oss-120b"
    assert provider["wire_api"] == "responses"
    assert provider["base_url"] == str(server.make_url("/v1"))
    printed = await laptop.shell(provider["auth"]["command"], *provider["auth"]["args"])
    assert printed.strip() == laptop.credential
    assert "# for now" in file.read_text()
    assert '[mcp_servers.docs]\ncommand = "docs" # local\n' in file.read_text()
    file.write_text(file.read_text().replace("# mine", "# all mine"))
    await laptop.say("use", "codex", "--undo", "--yes")
    assert tomllib.loads(file.read_text()) == tomllib.loads(before)
    assert file.read_text().startswith("# all mine\n")
    await server.close()


async def test_the_lines_for_a_shell_set_up_the_sdks_without_showing_a_secret(laptop: Laptop, router: Router) -> None:
    said = await laptop.say("use", "sdk", "--direct", "--shell", "sh")

    assert said.exit_code == 0, said
    assert laptop.credential not in said.stdout
    script = f'{said.stdout}echo "$OPENAI_BASE_URL $OPENAI_API_KEY $ANTHROPIC_BASE_URL $ANTHROPIC_AUTH_TOKEN"'
    printed = await laptop.shell("sh", "-c", script)
    key = laptop.credential
    assert printed.split() == [f"{router.url}/v1", key, router.url, key]
    undone = await laptop.say("use", "sdk", "--undo", "--shell", "sh")
    assert "unset OPENAI_BASE_URL" in undone.stdout


def test_every_shell_is_spoken_to_in_its_own_words() -> None:
    way = connection.Connection(url="https://gateway.example", credential_command=("opencode-auth", "token"))

    assert "set -gx OPENAI_API_KEY (opencode-auth token)" in sdk.lines(way, "fish")
    assert "$env:OPENAI_API_KEY = (& opencode-auth token)" in sdk.lines(way, "powershell")
    assert "$env:ANTHROPIC_BASE_URL = 'https://gateway.example'" in sdk.lines(way, "powershell")


@pytest.mark.parametrize(
    ("platform", "printed"),
    [("win32", ("cmd", "/c", "type", "secret file")), ("linux", ("cat", "secret file"))],
)
def test_a_secret_is_read_by_what_the_platform_has(platform: str, printed: tuple[str, ...]) -> None:
    command = connection.print_command(Path("secret file"), platform)

    assert command == printed
    assert connection.command_line(command, platform).endswith(
        '"secret file"' if platform == "win32" else "'secret file'"
    )


async def test_a_refused_credential_asks_for_a_sign_in(laptop: Laptop) -> None:
    laptop.variables["OPENCODE_API_KEY"] = f"oc_{'x' * 43}"

    said = await laptop.say("use", "opencode", "--direct", "--yes")

    assert said.exit_code == 3
    assert "there is no such API key" in said.stderr


async def test_before_a_setup_the_person_is_told_to_do_that(tmp_path: Path) -> None:
    said = await Laptop(tmp_path, "oc_key").say("use", "opencode", "--yes")

    assert said.exit_code == 2
    assert "hint: opencode-auth setup https://HOST" in said.stderr
