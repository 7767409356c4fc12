"""OpenCode and Claude Code themselves answer through the gateway by what `use` and `run` gave them."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.client.laptop import Laptop
from tests.clients.agents import PROGRAMS, PROOF, Desk, needs_agents, task
from tests.clients.test_claude_code import QUIET as QUIET_CLAUDE
from tests.clients.test_opencode import QUIET as QUIET_OPENCODE
from tests.router.running import Router

pytestmark = needs_agents


@pytest.fixture
def laptop(tmp_path: Path, router: Router, api_key: str) -> Laptop:
    made = Laptop(tmp_path / "home", api_key)
    made.home.mkdir()
    made.point_at(router.url)
    return made


async def test_opencode_does_a_task_by_the_local_proxy(laptop: Laptop, tmp_path: Path) -> None:
    """OpenCode gets no credential but the proxy's secret."""
    said = await laptop.run("use", "opencode", "--yes", "--model", "claude-sonnet-5")
    assert said.exit_code == 0, said
    try:
        outcome = await Desk(tmp_path).run(
            "opencode", "run", "--format=json", said=task("bash"), variables=QUIET_OPENCODE
        )
    finally:
        await laptop.run("proxy", "stop")

    assert outcome.exit_code == 0, outcome
    assert Desk(tmp_path).proof == f"{PROOF}\n", outcome


async def test_claude_code_does_a_task_with_its_helper(laptop: Laptop, tmp_path: Path) -> None:
    said = await laptop.run("use", "claude-code", "--yes", "--model", "claude-sonnet-5")
    assert said.exit_code == 0, said
    variables = {name: laptop.environment[name] for name in ("OPENCODE_AUTH_HOME", "OPENCODE_API_KEY", "PYTHONPATH")}

    outcome = await Desk(tmp_path).run(
        "claude",
        *("--print", "--output-format=json", "--allowedTools=Bash"),
        said=task("Bash"),
        variables={**QUIET_CLAUDE, **variables},
    )

    assert outcome.exit_code == 0, outcome
    assert PROOF in json.loads(outcome.output)["result"], outcome
    assert Desk(tmp_path).proof == f"{PROOF}\n"


async def test_for_one_run_claude_code_forgets_where_it_was_pointed_before(laptop: Laptop, tmp_path: Path) -> None:
    laptop.write(
        ".claude/settings.json",
        json.dumps({"apiKeyHelper": "echo wrong", "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}}),
    )
    laptop.variables.update({**QUIET_CLAUDE, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"})
    arguments = ("--print", "--output-format=json", "--allowedTools=Bash", "--model=claude-sonnet-5")
    process = await laptop.start("run", "claude", "--", *arguments, stdin=asyncio.subprocess.PIPE)

    stdout, stderr = await process.communicate(task("Bash").encode())

    assert process.returncode == 0, (stdout, stderr)
    assert PROOF in json.loads(stdout)["result"]
