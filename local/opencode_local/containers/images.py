"""What an image that the program builds runs, read from its Dockerfile: this machine can run it without Docker.

Sources: Dockerfile reference, "ENTRYPOINT", "CMD", "ENV" and "Parser directives"; Amazon ECS API reference,
"ContainerDefinition", entryPoint and command (read 2026-11-21).
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opencode_components.testing.graph import Graph
from opencode_local.containers.definition import Container, Unsupported

IMAGE = "awsx:ecr:Image"
PLACES = frozenset({"PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "HOME", "TMPDIR"})
"""Variables that name places in the image's file system. This machine has other places for the same things."""
CONTINUED = re.compile(r"\\[ \t]*\n")
REFERENCE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """How a container of it starts."""

    entry_point: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Without PLACES."""
    context: Path
    """Where it is built: stands for its working directory."""


def built_image(graph: Graph, image_uri: str) -> Image | None:
    """The image that the program builds under that URI; None when it comes from elsewhere."""
    for resource in graph.all(IMAGE):
        if resource.outputs.get("imageUri") == image_uri:
            context = Path(resource.inputs.get("context") or ".").resolve()
            dockerfile = Path(resource.inputs.get("dockerfile") or context / "Dockerfile")
            return read(dockerfile.read_text(), context, resource.inputs.get("args") or {})
    return None


def arguments(container: Container, image: Image) -> Sequence[str]:
    """What is run: a declared entry point drops the image's command too, as in Docker. Raises Unsupported."""
    if container.entry_point is not None:
        entry_point, command = container.entry_point, container.command or ()
    else:
        entry_point = image.entry_point
        command = image.command if container.command is None else container.command
    if not (words := [*entry_point, *command]):
        raise Unsupported(
            f"container {container.name!r}: neither its definition nor {container.image!r} says what to run"
        )
    return words


def read(dockerfile: str, context: Path, build_args: Mapping[str, str]) -> Image:
    """The final stage's ENTRYPOINT, CMD and ENV. Raises Unsupported for a shell form, which needs the image's shell."""
    entry_point: Sequence[str] = ()
    command: Sequence[str] = ()
    environment: dict[str, str] = {}
    known = dict(build_args)
    for instruction, text in _instructions(dockerfile):
        match instruction:
            case "FROM":
                entry_point, command, environment, known = (), (), {}, dict(build_args)
            case "ARG":
                name, _, default = text.partition("=")
                known.setdefault(name, default.strip("\"'"))
            case "ENV":
                for name, value in _pairs(text):
                    environment[name] = _resolved(value, {**known, **environment})
            case "ENTRYPOINT":
                entry_point, command = _words(instruction, text), ()
            case "CMD":
                command = _words(instruction, text)
    kept = {name: value for name, value in environment.items() if name not in PLACES}
    return Image(entry_point=entry_point, command=command, environment=kept, context=context)


def _instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Comments are whole lines, and may stand within a continued one."""
    lines = (line for line in dockerfile.splitlines(keepends=True) if not line.lstrip().startswith("#"))
    for line in CONTINUED.sub(" ", "".join(lines)).splitlines():
        instruction, _, text = line.strip().partition(" ")
        if instruction:
            yield instruction.upper(), text.strip()


def _words(instruction: str, text: str) -> Sequence[str]:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Unsupported(f"{instruction} {text}: only the exec form, a JSON array, can be run without Docker")
    return words


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`NAME=value NAME="other value"`, or the old `NAME value`."""
    words = shlex.split(text)
    if words and "=" not in words[0]:
        name, _, value = text.partition(" ")
        yield name, value.strip()
        return
    for word in words:
        name, _, value = word.partition("=")
        yield name, value


def _resolved(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found["braced"] or found["plain"]
        return known.get(name) or found["default"] or ""

    return REFERENCE.sub(value, text)
