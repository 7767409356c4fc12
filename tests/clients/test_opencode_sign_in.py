"""OpenCode sets itself up by the gateway's URL: `opencode auth login` reads what the gateway publishes."""

import os
from pathlib import Path

import msgspec

from tests.clients.agents import PROOF, Desk, Outcome, needs_agents, task
from tests.clients.developer import Developer
from tests.clients.test_opencode import QUIET, answer

pytestmark = needs_agents


def a_token_command(folder: Path, token: str) -> Path:
    """`opencode-auth token` of somebody who has signed in."""
    program = folder / "opencode-auth"
    program.write_text(f'#!/bin/sh\n[ "$*" = token ] && echo {token}\n')
    program.chmod(0o755)
    return program


async def test_a_task_is_done_after_a_sign_in_that_took_nothing_but_the_url(
    desk: Desk, developer: Developer, tmp_path: Path
) -> None:
    token_command = a_token_command(tmp_path, developer.jwt)
    variables = {**QUIET, "PATH": f"{token_command.parent}{os.pathsep}{os.environ['PATH']}"}

    async def opencode(*arguments: str, said: str = "") -> Outcome:
        return await desk.run("opencode", *arguments, said=said, variables=variables)

    signed_in = await opencode("auth", "login", developer.router.url)
    done = await opencode("run", "--format=json", said=task("bash"))

    assert signed_in.exit_code == 0, signed_in
    kept = msgspec.json.decode((desk.home / ".local/share/opencode/auth.json").read_bytes())
    assert kept == {
        developer.router.url: {"type": "wellknown", "key": "OPENCODE_GATEWAY_TOKEN", "token": developer.jwt}
    }
    assert PROOF in answer(done), done
    assert desk.proof == f"{PROOF}\n"
    models = {record["model"] for record in await developer.usage()}
    assert "claude-sonnet-4-6" in models, "the one that the gateway says to begin with"
