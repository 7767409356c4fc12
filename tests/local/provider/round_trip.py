"""The life of a resource, the same for every type."""

from typing import Any

from opencode_local.provider.comparison import covers
from tests.local.provider.declaring import Made, Program


def lives_and_changes(program: Program, made: Made, changed: dict[str, Any], **new: Any) -> Made:
    """Reads back as declared, changes in place exactly in `changed`, reads back again. `new` are all its inputs."""
    assert_as_declared(program, made)
    assert program.plan(made, **new) == dict.fromkeys(changed, False)

    after = program.change(made, **new)

    assert after.id == made.id
    assert_as_declared(program, after)
    return after


def leaves_nothing(program: Program, made: Made) -> None:
    program.remove(made)
    assert not program.is_there(made)
    program.remove(made)


def assert_as_declared(program: Program, made: Made) -> None:
    assert program.drift(made) == {}
    missing = {
        name: made.outputs.get(name)
        for name, value in made.inputs.items()
        if name != "__defaults" and not covers(value, made.outputs.get(name))
    }
    assert not missing, "what was declared is among the outputs"
