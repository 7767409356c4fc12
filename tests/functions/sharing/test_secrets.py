"""Secrets in what is shared are found, and nothing of what is shared, or of what opens it, is logged."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from share_sessions.items import checked
from share_sessions.redaction import RULES, Rule, Scan, without_secrets
from tests.functions.sharing.conftest import Sharing
from tests.functions.sharing.sent import part, session

SECRETS = {
    "aws-access-key": "AKIA" + "Z7QW2MJ5TKXN4PLB",
    "bedrock-api-key": "ABSK" + "Qm9x" * 30,
    "bedrock-session-key": "bedrock-api-key-" + "YmVk" * 20,
    "gateway-api-key": "oc_" + "a1-_" * 10 + "abc",
    "anthropic-api-key": "sk-ant-api03-" + "a1-_" * 23 + "AA",
    "openai-api-key": "sk-proj-" + "a1-_" * 10 + "T3BlbkFJ" + "b2" * 20,
    "github-token": "ghp_" + "a1B2" * 9,
    "github-fine-grained-token": "github_pat_" + "a1" * 11 + "_" + "b" * 59,
    "gitlab-token": "glpat-" + "a1-_" * 5,
    "slack-token": "xoxb-" + "1" * 11 + "-" + "2" * 12 + "-abc",
    "slack-webhook": "hooks.slack.com/services/" + "T0/B1/xx" * 6,
    "google-api-key": "AIza" + "a1-_" * 8 + "abc",
    "stripe-key": "sk_live_" + "a1" * 12,
    "npm-token": "npm_" + "a1B2" * 9,
    "pypi-token": "pypi-AgEIcHlwaS5vcmc" + "a1-_" * 15,
    "json-web-token": "eyJ" + "hbGci" * 4 + ".eyJ" + "zdWIi" * 4 + "." + "a1-_" * 8,
    "private-key": "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    + "b3BlbnNzaC1rZXk\n" * 6
    + "-----END OPENSSH PRIVATE KEY-----",
}
"""Made up, each of the shape that its issuer gives."""
ELSEWHERE = {
    "json-web-token": "%3D" + SECRETS["json-web-token"],
    "private-key": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,3F-1A\n\n"
    + "b3BlbnNzaC1rZXk\n" * 6
    + "-----END RSA PRIVATE KEY-----",
}
"""In other surroundings than usual."""
HARMLESS = (
    "AKIA is a prefix",
    "doc_" + "a" * 43,
    "sk-learn",
    "npm_config_cache",
    "eyJ.eyJ.",
    "-----BEGIN PUBLIC KEY-----",
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
)
SHORT, LONG = 35_000, 140_000
"""Characters."""
MOST_GROWTH, UNCOUNTED_S, ATTEMPTS = 8, 0.005, 3
"""Four times the characters cost four times the work, or sixteen where each place is begun at and read on from."""


def found_in(data: Any, mode: Any = "mask") -> tuple[str, dict[str, int]]:
    scan = Scan(mode)
    taken = checked(data, scan)
    return "".join(keyed.text for keyed in taken.batch), dict(scan.found)


def test_every_rule_finds_its_secret_wherever_it_stands_and_leaves_the_rest() -> None:
    assert SECRETS.keys() == {rule.name for rule in RULES}
    for name, secret in SECRETS.items():
        inner = json.dumps({"env": f"TOKEN={secret}"})
        text, found = found_in([part(1, of=1, text=f"before\n{secret}\nafter", state={"input": inner, secret: "x"})])
        assert found == {name: 3}, name
        assert text.count(f"[{name} removed]") == 3
        assert "before\\n[" in text
        assert "]\\nafter" in text
        assert all(line not in text for line in secret.split("\n")[1:2] or [secret])


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_secret_is_found_where_it_is_quoted_and_with_what_may_stand_in_it(name: str) -> None:
    secret = ELSEWHERE[name]
    text, found = found_in([part(1, of=1, text=f"before {secret} after", state={"raw": json.dumps([secret])})])

    assert found == {name: 2}
    assert secret.split("\n")[-1][-20:] not in text
    assert "b3Blbn" not in text
    assert " after" in text


def texts_that_begin_like(rule: Rule, secret: str) -> Iterator[str]:
    """Its marks, and what it begins with, up to each eighth of it, with and without an end that it cannot have."""
    begun = (secret[: len(secret) * eighths // 8] for eighths in range(1, 9))
    for start in dict.fromkeys((*rule.marks, *begun)):
        yield from (start + end for end in ("", "!"))


def cost_s(rule: Rule, text: str, length: int) -> float:
    """CPU time."""
    whole = (text * (length // len(text) + 1))[:length] + rule.marks[0]
    begun_s = time.process_time()
    without_secrets(whole, Counter())
    return time.process_time() - begun_s


def is_cheap(rule: Rule, text: str) -> bool:
    """Once in three times: what else the machine does costs time, too."""
    return any(
        cost_s(rule, text, LONG) < MOST_GROWTH * cost_s(rule, text, SHORT) + UNCOUNTED_S for _ in range(ATTEMPTS)
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_text_costs_more_than_a_multiple_of_its_length(rule: Rule) -> None:
    secret = json.dumps(SECRETS[rule.name])[1:-1]
    assert [text for text in texts_that_begin_like(rule, secret) if not is_cheap(rule, text)] == []


def test_what_only_looks_alike_is_left_alone() -> None:
    data = [session(text=text) for text in HARMLESS]

    assert found_in(data) == ("".join(keyed.text for keyed in checked(data).batch), {})


@pytest.mark.parametrize(
    ("mode", "is_kept", "is_told"), [("off", True, False), ("warn", True, True), ("mask", False, True)]
)
def test_secrets_are_left_told_of_or_taken_out_as_the_environment_says(
    sharing: Sharing, mode: str, is_kept: bool, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = sharing.another(REDACTION=mode)
    share, secret = changed.made(), SECRETS["github-token"]
    sent = {"secret": share.secret, "data": [session(f"{secret} {secret}")]}
    status, document, _ = changed.ask("POST", f"/api/share/{share.id}/sync", sent)

    assert (status, document.get("secrets")) == (200, {"github-token": 2} if is_told else None)
    assert document.get("redaction") == (mode if is_told else None)
    assert (secret in json.dumps(changed.data(share))) == is_kept
    assert (secret in json.dumps(changed.watchers.told)) == is_kept
    [listed] = changed.ask("GET", "/api/shares", by="ada")[1]["shares"]
    assert (secret in listed["title"]) == is_kept
    logged = capsys.readouterr().out
    assert secret not in logged
    assert ("redaction" in logged) == is_told


def test_nothing_of_content_secrets_callers_or_ids_is_logged(
    sharing: Sharing, capsys: pytest.CaptureFixture[str]
) -> None:
    share = sharing.made(visibility="people", people=["swordfish@example.com"])
    path = f"/api/share/{share.id}"
    sharing.sync(share, [session("swordfish")])
    for sent in (
        {"secret": "swordfish", "data": []},
        {"secret": share.secret, "data": ["swordfish"]},
        {"secret": share.secret, "data": [{"type": "swordfish", "data": {}}]},
        {"secret": share.secret, "data": [], "swordfish": 1},
        {"secret": share.secret, "data": [session("swordfish" * 90_000)]},
    ):
        assert sharing.ask("POST", f"{path}/sync", sent)[0] >= 400
    some = {"secret": share.secret, "data": [session("swordfish"), {"type": "swordfish", "data": {}}, "swordfish"]}
    assert len(sharing.ask("POST", f"{path}/sync", some)[1]["skipped"]) == 2
    sharing.ask("GET", f"{path}/data", by="ada", swordfish="swordfish")
    sharing.ask("GET", f"{path}/data", by="linus")
    sharing.ask("GET", f"{path}/data", by="swordfish")
    sharing.ask("GET", "/api/shares", by="ada", cursor="swordfish")
    sharing.ask("GET", "/api/swordfish")
    sharing.ask("DELETE", path, {"secret": share.secret})

    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines()]
    statuses = [line["status"] for line in lines if "status" in line]
    assert statuses == [200, 200, 403, 400, 400, 400, 413, 200, 200, 403, 401, 400, 404, 200]
    [skipped] = [line for line in lines if "skipped" in line]
    assert (skipped["skipped"], skipped["first"].partition(" has")[0]) == (2, "data[1].type")
    hidden = ("swordfish", share.secret, share.id, "ada", "Ada", "a-1", "ses_1", "example.com", "203.0.113.7")
    assert [said for said in hidden if said in text] == []


def test_what_nobody_has_thought_of_is_a_503_with_a_reference_and_without_its_text(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_wanted: Any) -> None:
        raise ZeroDivisionError("swordfish")

    share = sharing.made()
    monkeypatch.setattr(sharing.world.clients.dynamodb, "get_item", broken)
    status, document, _ = sharing.ask("GET", f"/api/share/{share.id}/data", by="ada")

    logged = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (status, logged["error"]) == (503, "ZeroDivisionError")
    assert logged["reference"] in document["error"]["message"]
    assert "swordfish" not in json.dumps([document, logged])
