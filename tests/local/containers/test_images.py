"""What is run of an image that the program builds: the final stage's ENTRYPOINT, CMD and ENV."""

from dataclasses import replace
from pathlib import Path

import pytest

from opencode_local.containers.definition import Container, Unsupported, described
from opencode_local.containers.images import arguments, read
from opencode_local.containers.process_runner import surroundings

REPOSITORY = Path(__file__).parents[3]
HERE = Path("/context")


def a_container() -> Container:
    definition = {"taskDefinitionArn": "arn:family:1", "containerDefinitions": [{"name": "thing", "image": "own"}]}
    return described(definition).containers[0]


def test_the_router_is_run_as_its_image_runs_it() -> None:
    image = read((REPOSITORY / "router" / "Dockerfile").read_text(), REPOSITORY, {})

    assert arguments(a_container(), image) == ["python", "-m", "opencode_router"]
    assert image.environment["METRICS_PORT"] == "9090"
    assert image.environment["PYTHONSAFEPATH"] == "1"
    assert not {"PATH", "PYTHONPATH"} & image.environment.keys()


@pytest.mark.parametrize(
    ("entry_point", "command", "run"),
    [
        (None, None, ["serve", "--all"]),
        (None, ["--one"], ["serve", "--one"]),
        (["other"], None, ["other"]),
        (["other"], ["--one"], ["other", "--one"]),
    ],
)
def test_a_definition_overrides_its_image_as_in_docker(
    entry_point: list[str] | None, command: list[str] | None, run: list[str]
) -> None:
    image = read('FROM a\nENTRYPOINT ["serve"]\nCMD ["--all"]\n', HERE, {})

    assert arguments(replace(a_container(), entry_point=entry_point, command=command), image) == run


def test_only_the_final_stage_counts_and_its_variables_are_resolved() -> None:
    dockerfile = """\
FROM a AS build
ENV EARLIER=1
CMD ["build"]
FROM b
ARG VERSION=1.0
ENV A=first \\
    # a comment within
    B="two words" C=${VERSION} D=$A-${MISSING:-default}
ENV OLD style of words
entrypoint ["run", \\
  "it"]
"""

    image = read(dockerfile, HERE, {"VERSION": "2.0"})

    assert image.entry_point == ["run", "it"]
    assert image.command == ()
    assert image.environment == {
        "A": "first",
        "B": "two words",
        "C": "2.0",
        "D": "first-default",
        "OLD": "style of words",
    }


@pytest.mark.parametrize("line", ["ENTRYPOINT python -m thing", "CMD python"])
def test_a_shell_form_is_refused_with_its_text(line: str) -> None:
    with pytest.raises(Unsupported, match=line):
        read(f"FROM a\n{line}\n", HERE, {})


def test_an_image_that_says_nothing_to_run_is_refused_by_the_containers_name() -> None:
    with pytest.raises(Unsupported, match="'thing'"):
        arguments(a_container(), read("FROM a\n", HERE, {}))


@pytest.mark.parametrize("member", ["dependsOn", "mountPoints", "environmentFiles"])
def test_what_cannot_be_had_here_is_refused_by_name(member: str) -> None:
    definition = {
        "taskDefinitionArn": "arn:family:1",
        "containerDefinitions": [{"name": "thing", "image": "own", member: [{}]}],
    }

    with pytest.raises(Unsupported, match=member):
        described(definition)


def test_nobodys_own_settings_are_at_a_containers_home() -> None:
    assert surroundings()["HOME"] == "/"
