"""The stand-in for images: known by their content where there is no Docker."""

import os
from pathlib import Path
from typing import Any

import pulumi
import pytest

from opencode_components.testing import deploy
from opencode_local.provider import image_content, images
from opencode_local.provider.awsx import Awsx

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/router"


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "has_daemon", lambda: False)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    for name, text in {"Dockerfile": "FROM scratch", "app.py": "print()", "lib/a.py": "a", "lib/a.pyc": "b"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def uri(context: Path, **inputs: Any) -> str:
    return images.outputs({"repositoryUrl": REPOSITORY, "context": str(context), **inputs})["imageUri"]


def test_an_image_is_named_by_its_digest_which_does_not_depend_on_time(context: Path) -> None:
    before = uri(context)
    os.utime(context / "app.py", (1, 1))

    assert uri(context) == before
    repository, _, digest = before.partition("@sha256:")
    assert repository == REPOSITORY
    assert len(digest) == 64


def test_content_dockerfile_arguments_and_platform_make_another_image(context: Path) -> None:
    known = {uri(context), uri(context, args={"BASE": "a"}), uri(context, platform="linux/arm64")}
    (context / "app.py").write_text("print(1)")
    known.add(uri(context))
    (context / "app.py").chmod(0o755)
    known.add(uri(context))
    (context / "Dockerfile").write_text("FROM busybox")
    known.add(uri(context))

    assert len(known) == 6


IGNORED = {
    "*.pyc": set(),
    "**/*.pyc": {"lib/a.pyc"},
    "lib": {"lib/a.py", "lib/a.pyc"},
    "lib/*\n!lib/a.py": {"lib/a.pyc"},
    "# app.py\n\n/app.py": {"app.py"},
    "l?b/[ab].py": {"lib/a.py"},
    "*": {"Dockerfile", "app.py", "lib/a.py", "lib/a.pyc", ".dockerignore"},
}


@pytest.mark.parametrize("text", IGNORED)
def test_ignored_files_do_not_count(context: Path, text: str) -> None:
    (context / ".dockerignore").write_text(text)
    rules = image_content.ignore_rules(context, context / "Dockerfile")
    everything = {path.relative_to(context).as_posix() for path in context.rglob("*") if path.is_file()}

    kept = {path.relative_to(context).as_posix() for path in image_content.files(context, rules)}

    assert everything - kept == IGNORED[text]


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown input": ({"buildArgs": {}}, "buildArgs"),
    "arguments that are no text": ({"args": {"A": 1}}, "expected str"),
    "no Dockerfile": ({"dockerfile": "nowhere/Dockerfile"}, "no Dockerfile at 'nowhere/Dockerfile'"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_image_is_refused_for(context: Path, case: str) -> None:
    inputs, words = REFUSALS[case]
    with pytest.raises(images.BuildRefused, match=words):
        uri(context, **inputs)


def test_the_package_constructs_an_image_for_an_engine(context: Path) -> None:
    def program() -> None:
        inputs = {"repositoryUrl": REPOSITORY, "context": str(context)}
        pulumi.export("state", Awsx().construct("router", images.TOKEN, inputs).state)

    graph = deploy(program)

    assert graph.outputs["state"] == {"imageUri": uri(context)}
    assert {resource.type for resource in graph.resources} == {images.TOKEN}


def test_the_package_has_no_other_component() -> None:
    with pytest.raises(ValueError, match="no component awsx:ec2:Vpc"):
        Awsx().construct("net", "awsx:ec2:Vpc", {})
