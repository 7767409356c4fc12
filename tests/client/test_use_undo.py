"""What `use` did is remembered: done once, kept up to date, led to the proxy's new address, taken back on demand."""

import json

import pytest

from opencode_auth import proxy
from opencode_auth.proxy import ProxyAddress
from opencode_auth.tools import config_file
from tests.client.laptop import CLAUDE, OPENCODE, PERSONS_OWN, Laptop, modes, settings
from tests.router.running import Router

TTL_OF_A_PERSON = '"CLAUDE_CODE_API_KEY_HELPER_TTL_MS": "5"'


async def test_twice_is_once(laptop: Laptop) -> None:
    laptop.write(CLAUDE, PERSONS_OWN)
    await laptop.say("use", "claude-code", "--yes")
    once = (laptop.home / CLAUDE).read_bytes()

    again = await laptop.say("use", "claude-code")

    assert again.exit_code == 0, again
    assert "already configured" in again.stderr
    assert (laptop.home / CLAUDE).read_bytes() == once
    await laptop.say("use", "claude-code", "--undo", "--yes")
    assert (laptop.home / CLAUDE).read_text() == PERSONS_OWN


@pytest.mark.parametrize(
    ("tool", "place", "text"),
    [
        ("claude-code", CLAUDE, PERSONS_OWN),
        ("claude-code", CLAUDE, '{"env": {}}'),
        ("claude-code", CLAUDE, '{"apiKeyHelper": "mine", "env": {"ANTHROPIC_BASE_URL": "https://mine.example"}}\r\n'),
        (
            "opencode",
            OPENCODE,
            '{\n\t"provider": {"bedrock": {"npm": "x", "models": {"mine": {}}}},\n\t"model": "a/b"}',
        ),
        ("opencode", ".config/opencode/opencode.jsonc", "// nothing yet\n{}\n"),
    ],
)
async def test_undo_restores_what_was_there(laptop: Laptop, tool: str, place: str, text: str) -> None:
    file = laptop.write(place, text)
    await laptop.say("use", tool, "--direct", "--yes")
    assert file.read_bytes().decode() != text

    said = await laptop.say("use", tool, "--undo", "--yes")

    assert said.exit_code == 0, said
    assert file.read_bytes().decode() == text


async def test_undo_removes_a_file_that_was_not_there(laptop: Laptop) -> None:
    await laptop.say("use", "claude-code", "--yes")

    await laptop.say("use", "claude-code", "--undo", "--yes")

    assert not (laptop.home / CLAUDE).exists()


async def test_undo_leaves_what_the_person_did_meanwhile(laptop: Laptop) -> None:
    laptop.write(CLAUDE, PERSONS_OWN)
    await laptop.say("use", "claude-code", "--yes")
    written = (laptop.home / CLAUDE).read_text()
    theirs = written.replace('"vi"', '"emacs"').replace('"CLAUDE_CODE_API_KEY_HELPER_TTL_MS": "60000"', TTL_OF_A_PERSON)
    (laptop.home / CLAUDE).write_text(theirs)

    said = await laptop.say("use", "claude-code", "--undo", "--yes")

    assert "env.CLAUDE_CODE_API_KEY_HELPER_TTL_MS was changed since and stays" in said.stderr
    left = (laptop.home / CLAUDE).read_text()
    assert '"EDITOR": "emacs"' in left
    assert TTL_OF_A_PERSON in left
    assert "// my own settings" in left
    assert "ANTHROPIC_BASE_URL" not in left
    assert "apiKeyHelper" not in left


async def test_undo_without_use_says_so(laptop: Laptop) -> None:
    said = await laptop.say("use", "opencode", "--undo")

    assert said.exit_code == 0
    assert "nothing to undo" in said.stderr


async def test_a_model_that_the_gateway_no_longer_has_goes(laptop: Laptop) -> None:
    await laptop.say("use", "opencode", "--direct", "--yes")
    record = laptop.own_folder / "config/tools/opencode.json"
    file = laptop.home / OPENCODE
    gone = '"gone": {"name": "Gone"},'
    file.write_text(file.read_text().replace('"models": {', f'"models": {{{gone}'))
    known = json.loads(record.read_text())
    known["changes"].append({"path": ["provider", "bedrock", "models", "gone"], "after": {"name": "Gone"}})
    record.write_text(json.dumps(known))

    await laptop.say("use", "opencode", "--direct", "--yes")

    assert "gone" not in settings(laptop, OPENCODE)["provider"]["bedrock"]["models"]


async def test_what_is_remembered_is_for_the_person_alone(laptop: Laptop) -> None:
    await laptop.say("use", "claude-code", "--yes")

    assert set(modes(laptop.own_folder / "config/tools").values()) == {0o600}
    assert modes(laptop.home / ".claude") == {"settings.json": 0o600}


@pytest.mark.parametrize("tool", ["opencode", "claude-code"])
async def test_by_the_proxy_no_configuration_holds_its_secret_and_all_follow_its_address(
    laptop: Laptop, router: Router, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    address = ProxyAddress(url="http://127.0.0.1:18080", secret="oap_secret")
    monkeypatch.setattr(proxy, "ensure", lambda: address)
    place = {"opencode": OPENCODE, "claude-code": CLAUDE}[tool]

    said = await laptop.say("use", tool, "--proxy", "--yes")

    assert said.exit_code == 0, said
    text = (laptop.home / place).read_text()
    assert address.url in text
    assert router.url not in text
    assert address.secret not in text
    assert "proxy-secret" in text
    for name, value in laptop.environment.items():
        monkeypatch.setenv(name, value)
    assert config_file.follow_proxy("http://127.0.0.1:18081") == [tool]
    assert (laptop.home / place).read_text() == text.replace(":18080", ":18081")
    assert config_file.follow_proxy("http://127.0.0.1:18081") == []
    await laptop.say("use", tool, "--undo", "--yes")
    assert not (laptop.home / place).exists()
