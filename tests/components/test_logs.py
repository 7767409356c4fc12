"""The router's log group as it would be deployed."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from opencode_components.logs import Logs, LogsArgs
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/0b7c4f1e-1111-2222-3333-444455556666"


def logs(**changes: Any) -> Callable[[], None]:
    def program() -> None:
        usual = {"retention_days": 90, "router_log_group": "/opencode/dev/router"}
        # Whatever a test changes is an arg of the component: it is the component that checks.
        kept = Logs("dev", LogsArgs(**{**usual, **changes}))  # type: ignore[typeddict-item]
        for output in Logs.__annotations__:
            pulumi.export(output, getattr(kept, output))

    return program


def test_the_log_has_the_name_and_retention_that_were_chosen(deploy: Deploy) -> None:
    graph = deploy(logs(retention_days=90.0))

    group = graph.one(LOG_GROUP, "dev-router")
    assert (group.inputs["name"], group.inputs["retentionInDays"]) == ("/opencode/dev/router", 90)
    assert graph.outputs == {
        "router_log_group_name": "/opencode/dev/router",
        "router_log_group_arn": group.outputs["arn"],
    }
    assert dict(graph.one("opencode_components:index:Logs").outputs) == dict(graph.outputs)


def test_a_destroy_takes_the_log_along_unless_it_is_kept(deploy: Deploy) -> None:
    gone, kept = deploy(logs()).one(LOG_GROUP), deploy(logs(keep_on_destroy=True)).one(LOG_GROUP)

    assert (gone.inputs["skipDestroy"], kept.inputs["skipDestroy"]) == (False, True)


def test_a_kept_log_is_not_in_the_way_of_the_next_environment_of_that_name(deploy: Deploy) -> None:
    group = deploy(logs(keep_on_destroy=True)).one(LOG_GROUP)

    assert group.inputs["namePrefix"] == "/opencode/dev/router-"
    assert "name" not in group.inputs


def test_a_change_of_name_or_keeping_never_replaces_a_log(deploy: Deploy) -> None:
    assert set(deploy(logs()).one(LOG_GROUP).ignore_changes) == {"name", "namePrefix"}


def test_the_log_is_encrypted_with_a_customers_key_when_there_is_one(deploy: Deploy) -> None:
    own, customers = deploy(logs()).one(LOG_GROUP), deploy(logs(kms_key_arn=KEY_ARN)).one(LOG_GROUP)

    assert "kmsKeyId" not in own.inputs
    assert customers.inputs["kmsKeyId"] == KEY_ARN


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"retention_days": 0}, "retention_days: 0 is not a retention of CloudWatch Logs; use one of 1, 3, 5, 7"),
        ({"retention_days": 91}, "retention_days: 91 is not a retention of CloudWatch Logs"),
        ({"retention_days": 90.5}, "retention_days: 90.5 is not a retention of CloudWatch Logs"),
        (
            {"router_log_group": "my logs"},
            "router_log_group: 'my logs' is no name of a log group; use letters, digits and _ - / . # only",
        ),
        ({"router_log_group": ""}, "router_log_group: '' is no name of a log group"),
        ({"router_log_group": "x" * 487}, "router_log_group: 'x+' is no name of a log group"),
    ],
)
def test_what_cloudwatch_logs_would_refuse_is_refused_first(
    deploy: Deploy, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(logs(**changes))


def test_logs_break_no_security_rule(deploy: Deploy) -> None:
    assert_secure(deploy(logs()))
    assert_secure(deploy(logs(keep_on_destroy=True)))
