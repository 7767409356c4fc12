"""Other teams compose the components in projects of their own, in Python with our wheel alone and in TypeScript."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from opencode_stacks.environment import ROOT
from tests.engine.leftovers import left_behind
from tests.engine.running import Cloud, Project, Stack

HERE = Path(__file__).parent
TYPESCRIPT = HERE / "typescript"
IMAGE_REPOSITORY = "router"
HOST_RUNTIME = "runtime: {{name: python, options: {{virtualenv: {virtualenv}}}}}"


@pytest.fixture(scope="session")
def wheel_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has our wheel and what it depends on, and nothing else of this repository."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = ROOT / ".venv-tools/bin/uv"
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT / "components"], check=True)
    (wheel,) = folder.glob("*.whl")
    venv = folder / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, venv], check=True)
    python = venv / "bin/python"
    subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], check=True)
    # The dependencies as they are installed here: read, not installed again. Editable packages do not come along.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(venv)}))
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return venv


def team_project(folder: Path, runtime: str, engine: Path, cloud: Cloud) -> Stack:
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(f"name: team\n{runtime}\n")
    project = Project(folder=folder, engine=engine, cloud=cloud, state=folder.parent / "state")
    repositories = cloud.client("ecr")
    if not repositories.describe_repositories()["repositories"]:
        repositories.create_repository(repositoryName=IMAGE_REPOSITORY)
    config = {"aws:region": "us-east-1", "team:zoneId": cloud.zone_id, "team:accountId": cloud.account.account_id}
    return project.stack("dev", config)


def proves_itself(stack: Stack, cloud: Cloud) -> None:
    """Up, nothing to do, the outputs there, destroyed without a trace."""
    stack.up()
    outputs, again = stack.outputs(), stack.preview()
    services = cloud.client("ecs").list_services(cluster=cloud.client("ecs").list_clusters()["clusterArns"][0])
    topic = cloud.client("sns").get_topic_attributes(TopicArn=outputs["topicArn"])["Attributes"]
    stack.destroy()

    assert outputs["url"] == "https://ai.team.example.com"
    assert topic["DisplayName"] == outputs["vpcId"], "its own resource takes an output of a component"
    assert len(services["serviceArns"]) == 1
    assert again == {}
    assert left_behind(cloud) == {"repositories": [IMAGE_REPOSITORY]}, "the team's own"


def test_a_python_project_with_our_wheel_alone_composes_network_and_api(
    engine: Path, cloud: Cloud, wheel_environment: Path, tmp_path: Path
) -> None:
    stack = team_project(tmp_path / "team", HOST_RUNTIME.format(virtualenv=wheel_environment), engine, cloud)
    (stack.project.folder / "__main__.py").symlink_to(HERE / "python/__main__.py")

    proves_itself(stack, cloud)


@pytest.mark.skipif(
    not (TYPESCRIPT / "node_modules/.installed").exists(), reason="no node, or its packages could not be installed"
)
def test_a_typescript_program_composes_the_same_through_the_executable(
    engine: Path, cloud: Cloud, tmp_path: Path
) -> None:
    stack = team_project(tmp_path / "team", "runtime: nodejs", engine, cloud)
    for file in ("index.ts", "package.json", "tsconfig.json", "node_modules"):
        (stack.project.folder / file).symlink_to(TYPESCRIPT / file)

    proves_itself(stack, cloud)


def test_the_wheel_stands_alone_and_is_typed(wheel_environment: Path) -> None:
    script = (
        "import importlib.util, opencode_components, pathlib;"
        "print(pathlib.Path(opencode_components.__file__).with_name('py.typed').exists(),"
        "importlib.util.find_spec('opencode_stacks'), importlib.util.find_spec('opencode_router'),"
        "len(opencode_components.__all__))"
    )
    done = subprocess.run([wheel_environment / "bin/python", "-c", script], capture_output=True, text=True, check=True)

    is_typed, stacks, router, count = done.stdout.split()
    assert (is_typed, stacks, router) == ("True", "None", "None")
    assert int(count) > 20
    assert os.access(wheel_environment / "bin/pulumi-resource-opencode_components", os.X_OK)


def schema_of_the_plugin(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(project.pulumi("package", "get-schema", str(ROOT / "components")).stdout)
    return found


def test_the_schema_that_other_languages_see_describes_every_input_and_output(project: Project) -> None:
    schema = schema_of_the_plugin(project)

    undescribed = [
        f"{token} {side} {name}"
        for token, component in {**schema["resources"], **schema.get("types", {})}.items()
        for side in ("inputProperties", "properties")
        for name, value in component.get(side, {}).items()
        if not value.get("description")
    ]
    assert undescribed == []
    assert {"opencode_components:index:Network", "opencode_components:index:Api"} <= schema["resources"].keys()
    assert all(component.get("description") for component in schema["resources"].values())
