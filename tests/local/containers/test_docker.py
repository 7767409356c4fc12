"""What Docker is asked for: a stand-in for its client writes it down and runs the program itself."""

import json
import sys
from pathlib import Path

import pytest

from opencode_local.containers.docker_runner import DockerRunner
from tests.local.containers.site import PROGRAM, Site

CLIENT = f"""#!{sys.executable} -S
import json, os, sys
with open(os.path.join({{folder!r}}, "calls"), "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "exec":
    sys.exit(len(os.listdir({{folder!r}})) < 3)  # the third file says that the program is well
if sys.argv[1] == "run":
    lines = open("/dev/stdin").read().splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    os.execve(sys.executable, [sys.executable, "-S", {str(PROGRAM)!r}], environment)
"""


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    client = tmp_path / "docker"
    client.write_text(CLIENT.format(folder=str(tmp_path)))
    client.chmod(0o755)
    return client


async def test_a_container_has_what_is_declared_and_its_secrets_are_on_no_command_line(
    site: Site, docker: Path
) -> None:
    image = site.image("")
    definition = site.definition(
        "docked",
        image=image,
        user="1000:1000",
        readonlyRootFilesystem=True,
        linuxParameters={"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        entryPoint=["serve", "--all"],
        command=["now"],
        environment=[{"name": "FOLDER", "value": str(docker.parent)}, {"name": "HIDDEN", "value": "of nobody"}],
        healthCheck={"command": ["CMD", "well"], "interval": 5.0},
    )

    async with site.service(
        "docked", definition=definition, runner=DockerRunner(site.graph, docker=str(docker))
    ) as one:
        await one.steady()
        environment = json.loads(await one.ask("/environment"))
        (task,) = one.service.tasks

    calls = [json.loads(line) for line in (docker.parent / "calls").read_text().splitlines()]
    name = f"{task.id[:12]}-thing"
    assert next(call for call in calls if call[0] == "run") == [
        *("run", "--rm", "--network=host", f"--name={name}", "--user=1000:1000", "--read-only", "--init"),
        *("--entrypoint=serve", "--cap-drop=ALL", "--env-file=/dev/stdin", image.partition("@")[2], "--all", "now"),
    ]
    assert ["exec", name, "well"] in calls
    assert calls[-1] == ["rm", "--force", name]
    assert environment["HIDDEN"] == "of nobody"
    assert environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] not in str(calls)
    assert task.exit_code == 0


async def test_a_variable_that_docker_cannot_take_stops_the_task_with_its_name(site: Site, docker: Path) -> None:
    definition = site.definition("lines", environment=[{"name": "TWO", "value": "a\nb"}])

    async with site.service(
        "two-lines", definition=definition, runner=DockerRunner(site.graph, docker=str(docker))
    ) as one:
        message = await one.heard.until("stopped: ")

    assert "Docker takes no line breaks in TWO" in message
