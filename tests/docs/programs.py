"""What the programs named in the pages' commands can do, as they themselves say."""

import re
import subprocess
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

from opencode_stacks.environment import ROOT

TARGETS = re.compile(r"^([a-z][\w -]*):", re.MULTILINE)
SUBCOMMAND = re.compile(r"^  ([a-z][\w-]*) {2,}\S", re.MULTILINE)
WORD = re.compile(r"[\w./:@=$#{}*-]+")
OF_THE_CLI_ITSELF = {("logs", "tail"): {"since", "follow", "format"}}
"""Commands of the AWS CLI that are no operation. Source: AWS CLI command reference, "logs tail" (read 2026-11-21)."""


def make_targets() -> set[str]:
    return {name for names in TARGETS.findall((ROOT / "Makefile").read_text()) for name in names.split()}


def make_faults(arguments: str) -> list[str]:
    wanted = [word for word in arguments.split() if re.fullmatch(r"[a-z]+", word)]
    return [f"make has no target {word}" for word in wanted if word not in make_targets()]


def aws_faults(arguments: str) -> list[str]:
    service, operation, *_ = arguments.split()
    options = set(re.findall(r"--([\w-]+)", arguments))
    known = OF_THE_CLI_ITSELF.get((service, operation)) or aws_options(service, operation)
    if known is None:
        return [f"aws has no {service} {operation}"]
    return [f"aws {service} {operation} has no --{option}" for option in sorted(options - known)]


def aws_options(service: str, operation: str) -> set[str] | None:
    """None: there is no such operation."""
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return None
    for name in model.operation_names:
        if xform_name(name, "-") == operation:
            shape = model.operation_model(name).input_shape
            return {xform_name(member, "-") for member in shape.members} if shape else set()
    return None


def pulumi_faults(arguments: str, engine: Path) -> list[str]:
    """Walks down the subcommands as long as there are some, then looks at the options."""
    path: tuple[str, ...] = ()
    words = WORD.findall(arguments)
    while words and not words[0].startswith("-") and (below := SUBCOMMAND.findall(pulumi_help(engine, path))):
        if words[0] not in below:
            return [f"pulumi {' '.join(path)} has no {words[0]}"]
        path = (*path, words.pop(0))
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    known = pulumi_help(engine, path)
    return [f"pulumi {' '.join(path)} has no {option}" for option in options if f"{option} " not in known]


@cache
def pulumi_help(engine: Path, path: tuple[str, ...]) -> str:
    asked = [str(engine / "pulumi"), *path, "--help"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603 the engine
