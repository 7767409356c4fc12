"""`uninstall` leaves a machine as it was before; `completions` come from the program itself."""

import shutil
import sys
from pathlib import Path

import pytest

from opencode_auth.tools import config_file
from tests.client.laptop import CLAUDE, Laptop
from tests.router.running import Router


@pytest.fixture
def laptop(tmp_path: Path, router: Router, api_key: str) -> Laptop:
    made = Laptop(tmp_path, api_key)
    made.point_at(router.url)
    return made


async def test_nothing_of_ours_is_left(laptop: Laptop) -> None:
    laptop.write(CLAUDE, '{"theme": "dark"}')
    await laptop.say("use", "claude-code", "--yes")
    await laptop.say("use", "opencode", "--direct", "--yes")

    said = await laptop.say("uninstall", "--yes")

    assert said.exit_code == 0, said
    assert (laptop.home / CLAUDE).read_text() == '{"theme": "dark"}'
    left = [str(file.relative_to(laptop.home)) for file in laptop.home.rglob("*") if file.is_file()]
    assert left == [CLAUDE]
    assert f"restore {laptop.home / CLAUDE}" in said.stdout


async def test_it_asks_first(laptop: Laptop) -> None:
    await laptop.say("use", "claude-code", "--yes")

    said = await laptop.say("uninstall")

    assert said.exit_code == 2
    assert "hint: add --yes" in said.stderr
    assert (laptop.home / CLAUDE).exists()


async def test_what_cannot_be_undone_is_said_and_its_record_stays(laptop: Laptop) -> None:
    await laptop.say("use", "claude-code", "--yes")
    (laptop.home / CLAUDE).write_text("{ broken")

    said = await laptop.say("uninstall", "--yes")

    assert said.exit_code == 1
    assert f"{CLAUDE}: line 1" in said.stderr
    assert (laptop.own_folder / "config/tools/claude-code.json").exists()


async def test_what_cannot_be_written_keeps_the_way_back(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    await laptop.say("use", "claude-code", "--yes")

    def refuse(_plan: object) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(config_file, "carry_out", refuse)
    said = await laptop.say("uninstall", "--yes")

    assert said.exit_code == 1
    assert f"could not restore {laptop.home / CLAUDE}: read-only file system" in said.stderr
    assert (laptop.own_folder / "config/tools/claude-code.json").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completions_are_a_script_for_that_shell(laptop: Laptop, shell: str) -> None:
    said = await laptop.say("completions", shell)

    assert said.exit_code == 0, said
    assert f"_OPENCODE_AUTH_COMPLETE={shell}_complete" in said.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
async def test_bash_completes_our_words(laptop: Laptop) -> None:
    script = (await laptop.say("completions", "bash")).stdout
    laptop.install("opencode-auth", '#!/bin/sh\nexec "$PYTHON" -m opencode_auth "$@"\n')
    words = "COMP_WORDS=(opencode-auth use cla); COMP_CWORD=2; _opencode_auth_completion opencode-auth"

    printed = await laptop.shell("bash", "-c", f'{script}\n{words}; echo "${{COMPREPLY[@]}}"', PYTHON=sys.executable)

    assert printed.strip() == "claude-code"
