"""Stands in for `awsx:ecr:Image`: an image built by Docker where a daemon answers, else known by its content."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from pulumi_awsx.ecr import ImageArgs

from opencode_local.provider import image_content, property_schema

TOKEN = "awsx:ecr:Image"  # noqa: S105 - a resource type
DAEMON_TIMEOUT_S = 10
BUILD_TIMEOUT_S = 900


class BuildRefused(Exception):
    """An image that cannot be built: inputs that do not fit, or Docker's own error."""


Digest: TypeAlias = Callable[[Path, Path, Mapping[str, Any]], str]
"""Makes an image of context, Dockerfile and settings (`args`, `platform`, `target`), or at least its `sha256:...`."""


def outputs(inputs: Mapping[str, Any], digest: Digest | None = None) -> dict[str, str]:
    """`{"imageUri": "<repository url>@sha256:..."}`; raises BuildRefused.

    With Docker the digest is the image's id, since nothing is pushed that could have a manifest.
    """
    faults = property_schema.faults_of(ImageArgs, inputs)
    if faults:
        raise BuildRefused("; ".join(f"{TOKEN} {fault.property}: {fault.reason}" for fault in faults))
    context = Path(inputs.get("context") or ".")
    dockerfile = Path(inputs.get("dockerfile") or context / "Dockerfile")
    settings = {key: inputs[key] for key in ("args", "platform", "target") if inputs.get(key)}
    if not dockerfile.is_file():
        raise BuildRefused(f"there is no Dockerfile at {str(dockerfile)!r}")
    make = digest or (built if has_daemon() else image_content.digest)
    return {"imageUri": f"{inputs['repositoryUrl']}@{make(context, dockerfile, settings)}"}


@cache
def has_daemon() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        asked = subprocess.run(  # noqa: S603 - the docker on the path
            [docker, "info"], capture_output=True, timeout=DAEMON_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def built_for_this_machine(context: Path, dockerfile: Path, settings: Mapping[str, Any]) -> str:
    """Built for its own processor, whatever is declared: nothing is emulated."""
    return built(context, dockerfile, {name: value for name, value in settings.items() if name != "platform"})


def built(context: Path, dockerfile: Path, settings: Mapping[str, Any]) -> str:
    """The image's id, `sha256:...`."""
    with tempfile.TemporaryDirectory() as folder:
        id_file = Path(folder, "id")
        command = ["docker", "build", "--quiet", "--iidfile", str(id_file), "--file", str(dockerfile)]
        command += [f"--build-arg={key}={value}" for key, value in sorted(settings.get("args", {}).items())]
        command += [f"--{option}={settings[option]}" for option in ("platform", "target") if option in settings]
        run = subprocess.run(  # noqa: S603 - arguments, not a shell line
            [*command, str(context)], capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False
        )
        if run.returncode != 0:
            raise BuildRefused(f"docker build failed: {run.stderr.strip()}")
        return id_file.read_text().strip()
