"""How many tasks may start and stop: bounds that hold at every step of any release."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opencode_local.containers.definition import TaskDefinition
from opencode_local.containers.deployment import Configuration, Deployment, Tally, step

MAX_STEPS = 200


@settings(max_examples=100, deadline=None, derandomize=True)
@given(desired=some.integers(1, 12), least=some.integers(0, 100), more=some.integers(1, 200))
def test_a_release_ends_within_its_bounds(desired: int, least: int, more: int) -> None:
    configuration = Configuration(minimum_healthy_percent=least, maximum_percent=100 + more)
    starting, healthy, old = 0, 0, desired

    for _ in range(MAX_STEPS):
        todo = step(desired, Tally(starting + healthy, healthy, old, 0), configuration)
        old -= todo.stop_healthy
        starting += todo.start
        assert healthy + old >= configuration.least(desired)
        assert starting + healthy + old <= max(configuration.most(desired), desired)
        if starting:
            starting, healthy = starting - 1, healthy + 1

    # Where both bounds are the desired count there is nothing that ECS may do, either.
    may_move = configuration.least(desired) < desired or configuration.most(desired) > desired
    assert (healthy, old) == ((desired, 0) if may_move else (0, desired))


@pytest.mark.parametrize(
    ("percents", "tally", "expected"),
    [
        ((100, 200), Tally(0, 0, 2, 0), (2, 0, 0, 0)),
        ((100, 200), Tally(2, 1, 2, 0), (0, 0, 1, 0)),
        ((50, 100), Tally(0, 0, 2, 0), (0, 0, 1, 0)),
        ((50, 100), Tally(0, 0, 1, 0), (1, 0, 0, 0)),
        ((100, 200), Tally(1, 1, 0, 1), (1, 0, 0, 0)),
        ((100, 200), Tally(2, 2, 0, 1), (0, 1, 0, 0)),
        ((100, 100), Tally(1, 1, 0, 1), (0, 1, 0, 0)),
        ((100, 200), Tally(4, 4, 0, 0), (0, 0, 0, 2)),
    ],
    ids=[
        "replacements first",
        "one healthy for one old",
        "room first",
        "into the room",
        "a replacement for the unhealthy one",
        "then it stops",
        "no room: it stops at once",
        "too many",
    ],
)
def test_two_desired_tasks(percents: tuple[int, int], tally: Tally, expected: tuple[int, int, int, int]) -> None:
    configuration = Configuration(minimum_healthy_percent=percents[0], maximum_percent=percents[1])

    todo = step(2, tally, configuration)

    assert (todo.start, todo.stop_unhealthy, todo.stop_healthy, todo.stop_current) == expected


@pytest.mark.parametrize(("desired", "threshold"), [(1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (1000, 200)])
def test_the_circuit_breaker_opens_at_half_of_the_desired_tasks(desired: int, threshold: int) -> None:
    """Source: ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures"."""
    assert a_deployment().threshold(desired) == threshold


def test_each_start_after_a_failure_waits_twice_as_long_as_the_last_one() -> None:
    deployment = a_deployment()
    waits = []
    for _ in range(13):
        deployment.task_failed("ended", now=100.0, first_retry_s=1, last_retry_s=1620)
        waits.append(deployment.next_start - 100)

    deployment.task_became_healthy()

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1620, 1620]
    assert (deployment.failures, deployment.next_start) == (0, 0)


def a_deployment() -> Deployment:
    return Deployment(definition=TaskDefinition(arn="a:1", task_role_arn="", execution_role_arn="", containers=()))
