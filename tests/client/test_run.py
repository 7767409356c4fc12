"""`run` starts a tool for once: nothing is written, the environment is for that run, the ending is the tool's own."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from opencode_auth.proxy import ProxyAddress
from opencode_auth.tools import connection, opencode, programs
from tests.client.laptop import CODEX, Laptop, Said, ended
from tests.router.running import Router

SHOW = f"""#!{sys.executable}
import json, os, sys
print(json.dumps({{"arguments": sys.argv[1:], "variables": dict(os.environ)}}))
"""


@pytest.fixture
def laptop(tmp_path: Path, router: Router, api_key: str) -> Laptop:
    made = Laptop(tmp_path, api_key)
    made.point_at(router.url)
    return made


async def shown(laptop: Laptop, program: str, *arguments: str, **variables: str) -> dict[str, Any]:
    """What the program was started with."""
    laptop.install(program, SHOW)
    said = await laptop.run("run", program, *arguments, **variables)
    assert said.exit_code == 0, said
    return dict(json.loads(said.stdout))


async def test_opencode_gets_its_configuration_in_a_variable(laptop: Laptop, router: Router) -> None:
    mine = {"theme": "dark", "provider": {"bedrock": {"name": "Mine"}}}

    seen = await shown(laptop, "opencode", "--", "run", "--model=x", "-h", OPENCODE_CONFIG_CONTENT=json.dumps(mine))

    assert seen["arguments"] == ["run", "--model=x", "-h"]
    content = json.loads(seen["variables"]["OPENCODE_CONFIG_CONTENT"])
    assert content["theme"] == "dark"
    assert content["provider"]["bedrock"]["options"] == {
        "baseURL": f"{router.url}/v1",
        "apiKey": "{env:OPENCODE_API_KEY}",
    }
    assert not (laptop.home / ".config").exists()


def test_by_the_proxy_opencode_gets_the_secret_in_a_variable_of_its_own() -> None:
    way = connection.proxied(ProxyAddress(url="http://127.0.0.1:18080", secret="oap_secret"))

    start = opencode.start(way, [], {})

    assert start.arguments == ()
    assert start.variables["OPENCODE_GATEWAY_TOKEN"] == "oap_secret"
    assert "oap_secret" not in str(start.variables["OPENCODE_CONFIG_CONTENT"])
    assert "{env:OPENCODE_GATEWAY_TOKEN}" in str(start.variables["OPENCODE_CONFIG_CONTENT"])


async def test_claude_gets_settings_without_a_secret_and_no_other_credential(laptop: Laptop, router: Router) -> None:
    seen = await shown(laptop, "claude", "--", "--print", ANTHROPIC_API_KEY="sk-other", ANTHROPIC_AUTH_TOKEN="other")

    option, text, *rest = seen["arguments"]
    assert (option, rest) == ("--settings", ["--print"])
    settings = json.loads(text)
    assert settings["env"]["ANTHROPIC_BASE_URL"] == seen["variables"]["ANTHROPIC_BASE_URL"] == router.url
    assert "token" in settings["apiKeyHelper"].split()
    assert not {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"} & seen["variables"].keys()
    assert laptop.credential not in text


@pytest.mark.parametrize(("mine", "model"), [("", "gpt-6-sol"), ('model = "mine"', None)])
async def test_codex_gets_its_provider_on_the_command_line_as_toml(
    laptop: Laptop, mine: str, model: str | None
) -> None:
    laptop.write(CODEX, mine)

    seen = await shown(laptop, "codex", "--", "exec")

    *options, last = seen["arguments"]
    values = tomllib.loads("\n".join(options[1::2]))
    assert (set(options[::2]), last) == ({"-c"}, "exec")
    assert values["model_providers"][values["model_provider"]]["auth"]["args"][-1] == "token"
    assert values.get("model") == model


async def test_the_exit_code_is_the_tools_own(laptop: Laptop) -> None:
    laptop.install("claude", "#!/bin/sh\nexit 42\n")

    assert (await laptop.run("run", "claude")).exit_code == 42


async def test_a_signal_reaches_the_tool(laptop: Laptop) -> None:
    laptop.install("claude", "#!/bin/sh\ntrap 'echo got it; exit 7' TERM\necho ready\nread _\n")
    process = await laptop.start("run", "claude", stdin=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"

    process.send_signal(signal.SIGTERM)

    assert await ended(process) == Said(7, "got it\n", "")


async def test_a_broken_pipe_ends_the_tool_as_it_does_in_a_shell(laptop: Laptop) -> None:
    laptop.install("claude", "#!/bin/sh\ngrep SigIgn /proc/self/status\n")

    said = await laptop.run("run", "claude")

    ignored = int(said.stdout.split()[1], 16)
    assert not ignored & 1 << (signal.SIGPIPE - 1)


@pytest.mark.parametrize("wrapper", ["link", "script"])
async def test_it_never_starts_itself(laptop: Laptop, wrapper: str) -> None:
    """A wrapper of that name that people put in front is passed over."""
    real = laptop.write("elsewhere/opencode", "#!/bin/sh\necho the real one\n")
    real.chmod(0o755)
    if wrapper == "script":
        laptop.install("opencode", '#!/bin/sh\nexec opencode-auth run opencode -- "$@"\n')
    else:
        own = laptop.write("program/opencode-auth", f"#!{sys.executable}\nfrom opencode_auth.cli import main\nmain()\n")
        own.chmod(0o755)
        (laptop.home / "bin").mkdir()
        (laptop.home / "bin/opencode").symlink_to(own)
    path = os.pathsep.join([str(laptop.home / "bin"), str(real.parent), os.environ["PATH"]])
    program = (
        [str(laptop.home / "program/opencode-auth")] if wrapper == "link" else [sys.executable, "-m", "opencode_auth"]
    )

    process = await asyncio.create_subprocess_exec(
        *program, "run", "opencode", env={**laptop.environment, "PATH": path}, stdout=asyncio.subprocess.PIPE
    )
    stdout, _ = await process.communicate()

    assert (process.returncode, stdout) == (0, b"the real one\n")


def test_a_program_is_found_by_its_extension_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name that `shutil.which` makes of PATHEXT is taken as it is."""
    monkeypatch.setattr(shutil, "which", lambda name, path: f"{path}/{name}.CMD")

    assert programs.find("opencode", str(tmp_path)) == f"{tmp_path}/opencode.CMD"


def test_where_a_process_cannot_become_another_it_waits() -> None:
    before = signal.getsignal(signal.SIGINT)

    exit_code = programs.wait_for("/bin/sh", ["-c", "exit $CODE"], {"CODE": "9"})

    assert exit_code == 9
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN, "Ctrl-C is the program's"
    signal.signal(signal.SIGINT, before)


async def test_a_tool_that_is_not_there_is_said_to_be(laptop: Laptop) -> None:
    said = await laptop.run("run", "codex", PATH=str(laptop.home))

    assert said.exit_code == 2
    assert "'codex' is not on the search path" in said.stderr
    assert "hint: install codex" in said.stderr
