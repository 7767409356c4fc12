"""The stand-in for images where a Docker daemon answers: they are really built."""

import subprocess
from pathlib import Path

import pytest

from opencode_local.provider import images

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/router"

pytestmark = pytest.mark.skipif(not images.has_daemon(), reason="no Docker daemon answers")


def uri(context: Path, dockerfile: str) -> str:
    """Of an image that needs no registry."""
    (context / "Dockerfile").write_text(dockerfile)
    (context / "app.py").write_text("print()")
    return images.outputs({"repositoryUrl": REPOSITORY, "context": str(context)})["imageUri"]


def test_the_digest_is_that_of_the_image_that_docker_has_built(tmp_path: Path) -> None:
    repository, _, digest = uri(tmp_path, "FROM scratch\nCOPY app.py /").partition("@")

    known = subprocess.run(["docker", "image", "inspect", digest], capture_output=True, check=False)  # noqa: S603, S607
    assert repository == REPOSITORY
    assert known.returncode == 0


def test_a_build_that_fails_is_refused_with_dockers_own_words(tmp_path: Path) -> None:
    with pytest.raises(images.BuildRefused, match=r"(?s)docker build failed: .*missing\.py"):
        uri(tmp_path, "FROM scratch\nCOPY missing.py /")
