"""Tools to test Pulumi programs: run them without a cloud, query what they declare, and judge it."""

from opencode_components.testing.deployment import Deploy, SecretConfig, deploy, preview
from opencode_components.testing.graph import UNKNOWN, Graph, Resource
from opencode_components.testing.iam import evaluate, evaluate_documents
from opencode_components.testing.iam_decision import Decision as IamDecision
from opencode_components.testing.listener_conditions import Request
from opencode_components.testing.listener_rules import Decision as RoutingDecision
from opencode_components.testing.listener_rules import route
from opencode_components.testing.metric_filters import matches
from opencode_components.testing.placeholders import Placeholders
from opencode_components.testing.reachability import Reach, can_reach
from opencode_components.testing.recording import Engine
from opencode_components.testing.security import Finding, assert_secure, findings
from opencode_components.testing.security_rule import Rule

__all__ = [
    "UNKNOWN",
    "Deploy",
    "Engine",
    "Finding",
    "Graph",
    "IamDecision",
    "Placeholders",
    "Reach",
    "Request",
    "Resource",
    "RoutingDecision",
    "Rule",
    "SecretConfig",
    "assert_secure",
    "can_reach",
    "deploy",
    "evaluate",
    "evaluate_documents",
    "findings",
    "matches",
    "preview",
    "route",
]
