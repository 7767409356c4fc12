"""An up that fails half-way is finished by the next one."""

import dataclasses

from opencode_stacks.declared import declared
from tests.engine.leftovers import left_behind
from tests.engine.running import Cloud, Project, as_a_user_has_it, config_for

SAMPLED_FAILURES = 5


def sampled() -> list[str]:
    """`token::name` of resources spread evenly over the program, the first and the last among them."""
    resources = [resource for resource in declared("dev") if resource.type.startswith("aws:")]
    step = (len(resources) - 1) / (SAMPLED_FAILURES - 1)
    chosen = [resources[int(index * step)] for index in range(SAMPLED_FAILURES)]
    return [f"{resource.type}::{resource.name}" for resource in chosen]


def test_an_up_that_fails_at_any_resource_is_finished_by_the_next_with_nothing_orphaned(
    project: Project, cloud: Cloud
) -> None:
    """One stack meets every failure in turn: each up finishes what the last left undone, and fails further on."""
    stack = dataclasses.replace(project, saves_each_step=True).stack("dev", config_for("dev", cloud))
    before_creation, after_creation = sampled()[::2], sampled()[1::2]
    for where, after in [(name, False) for name in before_creation] + [(name, True) for name in after_creation]:
        cloud.server.fail_at(where, after=after)

    failures: list[str] = []
    while len(failures) <= SAMPLED_FAILURES:
        printed = stack.up(check=False)
        if "told to fail" not in printed:
            break
        failures.append(printed)
    whole = stack.preview()
    dataclasses.replace(stack, project=project).destroy()

    assert 0 < len(failures) <= SAMPLED_FAILURES
    assert "error:" not in printed, printed
    assert all(any(where in failure for failure in failures) for where in sampled()), "each failure has struck"
    assert whole == {}, "the last up left nothing to do"
    assert left_behind(cloud) == {}, "nothing was made twice"


def test_a_config_with_faults_stops_an_up_before_anything_is_made(project: Project, cloud: Cloud) -> None:
    config = config_for("dev", cloud)
    config["opencode:network"]["egress"] = "vpn"
    config["opencode:domain"]["host"] = "no host"
    stack = as_a_user_has_it(project).stack("faulty", config)

    printed = stack.up(check=False)

    assert "Pulumi.faulty.yaml has 2 faults; nothing was changed." in printed
    assert "opencode:network.egress" in printed
    assert [resource["type"] for resource in stack.resources()] in ([], ["pulumi:pulumi:Stack"])
    assert left_behind(cloud) == {}
