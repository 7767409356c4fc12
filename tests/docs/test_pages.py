"""The pages agree with each other, with the program and with what is made from it."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from pydantic import BaseModel

from opencode_components.listener_rules import PRIORITIES
from opencode_stacks import reference
from opencode_stacks.cost import bill
from opencode_stacks.declared import declared
from opencode_stacks.diagram import svg
from opencode_stacks.environment import ROOT, SECTIONS
from opencode_stacks.faults import models_in
from opencode_stacks.outputs import OUTPUTS
from tests.docs.blocks import CODE_SPAN, DOCS, pages, prose

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CONFIG_KEY = re.compile(r"opencode:[\w.]+")
MADE = reference.pages()
WRITTEN = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """As they are made from headings: lower case, spaces to hyphens, the rest of the punctuation gone."""
    texts = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in HEADING.findall(prose(page)))
    return {text.strip().replace(" ", "-") for text in texts}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / unquote(path)).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("path", sorted(MADE))
def test_a_page_made_from_the_source_is_up_to_date(path: str) -> None:
    file = DOCS / path

    assert file.is_file(), "make docs"
    assert file.read_text() == MADE[path], "make docs"


def test_no_page_of_a_component_is_left_over() -> None:
    assert {f"components/{file.name}" for file in (DOCS / "components").glob("*.md")} <= MADE.keys()


def test_the_drawing_is_up_to_date() -> None:
    assert (DOCS / "architecture.svg").read_text() == svg(declared("prod")), "make diagram ENV=prod"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_costs_on_the_deploy_page_are_what_make_cost_says(environment: str) -> None:
    (shown,) = re.findall(rf"^\| {environment} \| (\d+) \|$", (DOCS / "deploy.md").read_text(), re.MULTILINE)

    assert int(shown) == round(bill(declared(environment), "us-east-1").monthly_usd)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_config_key_that_a_page_names_exists(page: Path) -> None:
    spans = [span for text in CODE_SPAN.findall(prose(page)) for span in CONFIG_KEY.findall(text)]

    assert [span for span in spans if not is_config_key(span.rstrip("."))] == []


def is_config_key(key: str) -> bool:
    section, *path = key.removeprefix("opencode:").split(".")
    models: list[type[BaseModel]] = [SECTIONS[section]] if section in SECTIONS else []
    for step in path:
        fields = [model.model_fields[step] for model in models if step in model.model_fields]
        if not fields:
            return False
        models = [model for field in fields for model in models_in(field.annotation)]
    return section in SECTIONS


def test_every_output_that_takes_the_place_of_a_parameter_exists() -> None:
    (table,) = re.findall(r"\| the sample's parameter \| output \|\n((?:\|.*\n)+)", (DOCS / "migrate.md").read_text())
    cells = [row.split("|")[2] for row in table.splitlines()[1:]]

    named = {name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)}
    assert named
    assert named <= OUTPUTS.keys()


def test_the_ranges_of_priorities_are_those_of_the_code() -> None:
    text = (DOCS / "use-in-your-stack.md").read_text()
    reserved = [PRIORITIES[name] for name in ("downloads", "sharing", "openhands", "coder")]

    for name in ("operator", "api", "other"):
        assert f"`{name}`: {PRIORITIES[name].start} to {PRIORITIES[name].stop - 1} " in text
    assert f"{reserved[0].start} to {reserved[-1].stop - 1} " in text


def test_the_wheel_has_the_version_that_the_page_names() -> None:
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "components/pyproject.toml").read_text(), re.MULTILINE)

    assert f"opencode_components-{version}-py3" in (DOCS / "use-in-your-stack.md").read_text()
