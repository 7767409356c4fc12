"""Secrets in what is shared: well-known formats of tokens and keys, each found by its mark and then by its shape.

It is a small table, not a scanner: passwords and whatever has no shape of its own are not found.
Source of the shapes: github.com/gitleaks/gitleaks, config/gitleaks.toml (read 2026-11-21). Its word boundaries are left
out: in JSON's text a token may stand behind the `n` of an escaped line end.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    batch: Sequence[Keyed]
    found: Counter[str] = field(default_factory=Counter)
    """How many by the rule's name."""


RULES = tuple(
    Rule(name=name, marks=marks, pattern=re.compile(pattern, re.ASCII))
    for name, marks, pattern in (
        ("aws-access-key", ("AKIA", "ASIA", "ABIA", "ACCA"), r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"),
        ("bedrock-api-key", ("ABSK",), r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),
        ("bedrock-session-key", ("bedrock-api-key-",), r"bedrock-api-key-[A-Za-z0-9+/]{20,}={0,2}"),
        ("gateway-api-key", ("oc_",), r"(?:(?<=\\[nrt])|(?<![A-Za-z0-9_]))oc_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"),
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
        ("json-web-token", ("eyJ",), r"eyJ[A-Za-z0-9_-]{14,}\.eyJ[A-Za-z0-9_-]{14,}\.[A-Za-z0-9_-]{10,}"),
        (
            "private-key",
            ("PRIVATE KEY",),
            r"-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\\ .,:-]{64,20000}?"
            r"-----END[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----",
        ),
    )
)


def scanned(batch: Sequence[Keyed], mode: Mode) -> Scanned:
    """Raises BadRequest for an item whose id was a secret, and TooLarge."""
    if mode == "off":
        return Scanned(batch=batch)
    found: Counter[str] = Counter()
    masked = [without_secrets(one, found, place) for place, one in enumerate(batch)]
    return Scanned(batch=masked if mode == "mask" else batch, found=found)


def without_secrets(one: Keyed, found: Counter[str], place: int) -> Keyed:
    """Counts into `found`."""
    text = one.text
    for rule in RULES:
        if any(mark in text for mark in rule.marks):
            text, count = rule.pattern.subn(f"[{rule.name} removed]", text)
            found.update({rule.name: count} if count else {})
    return one if text == one.text else keyed(decoded(encoded(text)), f"data[{place}]")
