"""Judges a graph by named rules, with room for exceptions that somebody has written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from opencode_components.testing import (
    rules_identity,
    rules_network,
    rules_secrets,
    rules_storage,
    rules_structure,
    rules_workload,
)
from opencode_components.testing.graph import Graph
from opencode_components.testing.security_rule import Rule, Subject, subject_name

RULES: tuple[Rule, ...] = (
    *rules_network.RULES,
    *rules_storage.RULES,
    *rules_identity.RULES,
    *rules_workload.RULES,
    *rules_secrets.RULES,
    *rules_structure.RULES,
)
FEWEST_REASON_CHARACTERS = 12
"""A waiver's reason is a sentence, not a dot."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that does not hold somewhere."""

    rule: Rule
    subject: Subject
    detail: str

    def __str__(self) -> str:
        rule = self.rule
        return f"[{rule.id}] {self.subject}: {self.detail}\n    why: {rule.reason}\n    fix: {rule.fix}"


def findings(graph: Graph) -> tuple[Finding, ...]:
    """Everything that the rules object to, waived or not.

    Raises ValueError for the graph of a preview, in which too much is unknown.
    """
    if graph.is_preview:
        raise ValueError("a preview does not know what there will be; judge the graph that deploy returns")
    return tuple(
        Finding(rule=rule, subject=subject, detail=detail) for rule in RULES for subject, detail in rule.check(graph)
    )


def assert_secure(graph: Graph, waive: Mapping[str, str] | None = None) -> None:
    """Raises AssertionError with all findings that are not waived.

    `waive` maps `rule-id`, or `rule-id@name` for resources of that name (`*` and `?` allowed), to the reason why it
    may be so. A waiver without a reason, of an unknown rule, or that waives nothing is a ValueError.
    """
    waivers = dict(waive or {})
    check_waivers(waivers)
    open_findings, used = [], set()
    for finding in findings(graph):
        waived_by = [key for key in waivers if covers(key, finding)]
        used.update(waived_by)
        if not waived_by:
            open_findings.append(finding)
    unused = sorted(waivers.keys() - used)
    if unused:
        raise ValueError(f"waivers that waive nothing, remove them: {', '.join(unused)}")
    if open_findings:
        listed = "\n".join(str(finding) for finding in open_findings)
        raise AssertionError(f"{len(open_findings)} findings:\n{listed}")


def check_waivers(waivers: Mapping[str, str]) -> None:
    known = {rule.id for rule in RULES}
    for key, reason in waivers.items():
        if key.partition("@")[0] not in known:
            raise ValueError(f"waiver {key!r} is of no rule; rules are {', '.join(sorted(known))}")
        if len(reason.strip()) < FEWEST_REASON_CHARACTERS:
            raise ValueError(f"waiver {key!r} has no reason; write down why it may be so, in a sentence")


def covers(key: str, finding: Finding) -> bool:
    rule_id, _, name = key.partition("@")
    return rule_id == finding.rule.id and fnmatchcase(subject_name(finding.subject), name or "*")
