"""What CloudWatch counts in the router's log.

The router writes one JSON object a line: `usage` for a request that reached a model (the record of the ledger, whose
`error_code` tells why it failed), `response` for every other one, and warnings and errors under the name of the module
they come from. The cost and the tokens of each model are not counted here but asked of the log itself (see
`dashboard.py`), because a metric with a dimension is paid for once per model.

Source of the pattern language: Amazon CloudWatch Logs user guide, "Filter pattern syntax" (read 2026-11-21).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input
from pulumi_aws import cloudwatch

LEDGER = "opencode_router.usage.ledger"
BEDROCK_CREDENTIALS = "opencode_router.bedrock.credentials"


@dataclass(frozen=True, kw_only=True)
class RouterMetric:
    """A metric made of the log lines that match `pattern`."""

    pattern: str
    value: str = "1"
    """What one line adds: a number, or the field that holds it."""
    default_value: str | None = "0"
    """What a minute adds whose lines do not match; None leaves a gap."""
    unit: str = "Count"


def usage_error(code: str) -> str:
    return f'{{ ($.message = "usage") && ($.error_code = "{code}") }}'


def line_of(logger: str, level: str) -> str:
    return f'{{ ($.logger = "{logger}") && ($.level = "{level}") }}'


ROUTER_METRICS: Mapping[str, RouterMetric] = {
    "BedrockThrottles": RouterMetric(pattern=usage_error("rate_limit_exceeded")),
    "BedrockRefusals": RouterMetric(pattern=usage_error("access_denied")),
    "BedrockCredentialFailures": RouterMetric(pattern=line_of(BEDROCK_CREDENTIALS, "WARNING")),
    "RequestsOverCapacity": RouterMetric(pattern=usage_error("gateway_at_capacity")),
    "AuthFailures": RouterMetric(pattern='{ ($.message = "response") && ($.status = 401) }'),
    "LedgerRetries": RouterMetric(pattern=line_of(LEDGER, "WARNING")),
    "LedgerLosses": RouterMetric(pattern=line_of(LEDGER, "ERROR")),
    "FirstByte": RouterMetric(
        pattern='{ ($.message = "usage") && ($.first_byte_ms >= 0) }',
        value="$.first_byte_ms",
        default_value=None,
        unit="Milliseconds",
    ),
}
"""By name of the metric. `access_denied` is Bedrock refusing the gateway's role or a model that the account may not
use; a caller whom the gateway itself turns away never gets as far as a usage record. A warning of the ledger is a
write that is tried again, an error a record that the table will not have."""


def metric_filter_args(
    metric_name: str, *, log_group_name: Input[str], namespace: str, region: Input[str]
) -> cloudwatch.LogMetricFilterArgs:
    metric = ROUTER_METRICS[metric_name]
    return cloudwatch.LogMetricFilterArgs(
        region=region,
        log_group_name=log_group_name,
        pattern=metric.pattern,
        metric_transformation=cloudwatch.LogMetricFilterMetricTransformationArgs(
            namespace=namespace,
            name=metric_name,
            value=metric.value,
            default_value=metric.default_value,
            unit=metric.unit,
        ),
    )
