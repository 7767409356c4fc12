"""Secrets in what is shared: well-known formats of tokens and keys, each found by its mark and then by its shape.

It is a small table, not a scanner: passwords and whatever has no shape of its own are not found.
Source of the shapes: github.com/gitleaks/gitleaks, config/gitleaks.toml (read 2026-11-21). Its word boundaries are left
out: in JSON's text a token may stand behind the `n` of an escaped line end. Whoever may write chooses the text: nothing
of unlimited length is tried from within itself again, so that no text costs more than a multiple of its length.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from share_sessions.items import Keyed, decoded, encoded, keyed

Mode = Literal["off", "warn", "mask"]
"""Nothing is looked at; found secrets are counted; and taken out, too."""
MODES: Mapping[str, Mode] = {mode: mode for mode in get_args(Mode)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str
    marks: tuple[str, ...]
    """One of them is in whatever the pattern matches: most text has none, and looking for them is quick."""
    pattern: re.Pattern[str]
    """Matches nothing that ends a JSON string, so that what is left is JSON."""


RULES = tuple(
    Rule(name=name, marks=marks, pattern=re.compile(pattern, re.ASCII))
    for name, marks, pattern in (
        ("aws-access-key", ("AKIA", "ASIA", "ABIA", "ACCA"), r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"),
        ("bedrock-api-key", ("ABSK",), r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
        ("bedrock-session-key", ("bedrock-api-key-",), r"bedrock-api-key-[A-Za-z0-9+/]{20,}={0,2}"),
        ("gateway-api-key", ("oc_",), r"oc_(?:(?<=\\[nrt]oc_)|(?<![A-Za-z0-9_]oc_))[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
        ("anthropic-api-key", ("sk-ant-",), r"sk-ant-[a-z]{3,10}\d\d-[A-Za-z0-9_-]{80,}"),
        ("openai-api-key", ("T3BlbkFJ",), r"sk-[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,80}"),
        ("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{36}"),
        ("github-fine-grained-token", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{82}"),
        ("gitlab-token", ("glpat-",), r"glpat-[A-Za-z0-9_-]{20,}"),
        ("slack-token", ("xoxb-", "xoxp-", "xoxe-"), r"xox[bpe]-[0-9]{10,13}-[A-Za-z0-9-]{10,}"),
        (
            "slack-webhook",
            ("hooks.slack.com/",),
            r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{43,56}",
        ),
        ("google-api-key", ("AIza",), r"AIza[A-Za-z0-9_-]{35}"),
        ("stripe-key", ("_live_", "_test_", "_prod_"), r"[sr]k_(?:test|live|prod)_[A-Za-z0-9]{10,99}"),
        ("npm-token", ("npm_",), r"npm_[A-Za-z0-9]{36}"),
        ("pypi-token", ("pypi-AgEIcHlwaS5vcmc",), r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"),
        (
            "json-web-token",
            ("eyJ",),
            r"eyJ(?:(?<=\\[nrt]eyJ)|(?<=%[0-9A-Fa-f]{2}eyJ)|(?<![A-Za-z0-9_-]eyJ))"
            r"[A-Za-z0-9_-]{14,}+\.eyJ[A-Za-z0-9_-]{14,}+\.[A-Za-z0-9_-]{10,}",
        ),
        (
            "private-key",
            ("PRIVATE KEY",),
            r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----(?=[A-Za-z0-9+/=\\ .,:-]{64})"
            r"(?:[A-Za-z0-9+/=\\ .,:]++|-(?!----)){1,20000}+-----END[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
        ),
    )
)


class Scan:
    """Of one batch. Called with each item, and its place, it gives what of the item is kept."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode
        self.found: Counter[str] = Counter()
        """How many by the rule's name."""

    def __call__(self, one: Keyed, at: str) -> Keyed:
        """Raises BadRequest for an item whose id was a secret, and TooLarge."""
        if self._mode == "off":
            return one
        text = without_secrets(one.text, self.found)
        return one if self._mode == "warn" or text == one.text else keyed(decoded(encoded(text)), at)


def without_secrets(text: str, found: Counter[str]) -> str:
    """Counts into `found`."""
    for rule in RULES:
        if any(mark in text for mark in rule.marks):
            text, count = rule.pattern.subn(f"[{rule.name} removed]", text)
            found.update({rule.name: count} if count else {})
    return text
