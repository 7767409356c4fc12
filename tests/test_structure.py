"""The tree keeps the shape it was given."""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from opencode_router import errors

ROOT = Path(__file__).parents[1]
ROOMS = ("stacks", "components", "router", "client", "functions", "local", "bench")
PACKAGES = {
    "opencode_router": "router",
    "opencode_local": "local",
    "opencode_components": "components",
    "opencode_auth": "client",
    "opencode_stacks": "stacks",
    "serve_downloads": "functions",
    "share_sessions": "functions",
    "served_site": "functions",
    "bench": "bench",
}
MAY_IMPORT = {
    "stacks": {"components"},
    "local": {"stacks", "components", "router", "functions"},
    "bench": {"local", "router"},
}
OUTER_ROOMS = {"endpoints", "app", "gateway", "__main__"}
MAX_LINES = 350
MAX_FUNCTION_LINES = 40
MAX_CONSTRUCTOR_LINES = 60
VAGUE = {"utils", "helpers", "common", "base", "manager", "core", "lib", "misc"}


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


@cache
def nodes(file: Path) -> Sequence[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text())))


def imports(file: Path) -> Iterator[str]:
    for node in nodes(file):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_packages_import_only_in_the_direction_of_the_architecture() -> None:
    wrong = [
        (str(file.relative_to(ROOT)), name)
        for file in modules()
        for name in imports(file)
        if (target := PACKAGES.get(name.split(".")[0]))
        and target != (room := file.relative_to(ROOT).parts[0])
        and target not in MAY_IMPORT.get(room, set())
    ]

    assert wrong == []


def test_functions_import_nothing_of_each_other_but_what_is_meant_for_all() -> None:
    packages = {package for package, room in PACKAGES.items() if room == "functions"}
    wrong = [
        (str(file.relative_to(ROOT)), name)
        for file in (ROOT / "functions").rglob("*.py")
        for name in imports(file)
        if name.split(".")[0] in packages - {file.relative_to(ROOT / "functions").parts[0], "served_site"}
    ]

    assert wrong == []


@pytest.mark.parametrize("room", ["wire", "errors.py"])
def test_the_innermost_rooms_import_nothing_of_ours(room: str) -> None:
    place = ROOT / "router/opencode_router" / room
    files = place.rglob("*.py") if place.is_dir() else [place]

    ours = [
        (str(file.relative_to(ROOT)), name)
        for file in files
        for name in imports(file)
        if name.startswith("opencode_router") and not name.startswith("opencode_router.wire")
    ]

    assert ours == []


def test_translation_knows_nothing_of_http_and_endpoints_are_imported_by_the_app_alone() -> None:
    wrong = []
    for file in (ROOT / "router/opencode_router").rglob("*.py"):
        room = file.relative_to(ROOT / "router/opencode_router").parts[0].removesuffix(".py")
        for name in imports(file):
            if name.startswith("opencode_router.endpoints") and room not in OUTER_ROOMS:
                wrong.append((file.name, name))
            if room == "translate" and name.split(".")[0] in {"aiohttp", "aiobotocore"}:
                wrong.append((file.name, name))

    assert wrong == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for file in [*modules(), *(ROOT / "tests").rglob("*.py")]
        if "node_modules" not in file.parts and (count := len(file.read_text().splitlines())) > MAX_LINES
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        (str(file.relative_to(ROOT)), node.name)
        for file in modules()
        for node in nodes(file)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno
        >= (MAX_CONSTRUCTOR_LINES if node.name == "__init__" else MAX_FUNCTION_LINES)
    ]

    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [file for file in modules() if file.stem in VAGUE] == []


def test_every_test_file_is_collected() -> None:
    strays = [
        file
        for file in (ROOT / "tests").rglob("*.py")
        if "def test_" in file.read_text() and not file.name.startswith("test_") and "node_modules" not in file.parts
    ]

    assert strays == []


def leaves(kind: type[errors.RouterError]) -> Iterator[type[errors.RouterError]]:
    for child in kind.__subclasses__():
        yield child
        yield from leaves(child)


@pytest.mark.parametrize("kind", sorted(leaves(errors.RouterError), key=str))
def test_every_error_has_a_status_and_a_code(kind: type[errors.RouterError]) -> None:
    assert kind.status >= 400
    assert kind.code
