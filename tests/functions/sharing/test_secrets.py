"""Secrets in what is shared are found, and nothing of what is shared, or of what opens it, is logged."""

import json
from typing import Any

import pytest

from share_sessions.items import checked
from share_sessions.redaction import RULES, scanned
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
HARMLESS = (
    "AKIA is a prefix",
    "doc_" + "a" * 43,
    "sk-learn",
    "npm_config_cache",
    "eyJ.eyJ.",
    "-----BEGIN PUBLIC KEY-----",
)


def found_in(data: Any, mode: Any = "mask") -> tuple[str, dict[str, int]]:
    looked_at = scanned(checked(data), mode)
    return "".join(keyed.text for keyed in looked_at.batch), dict(looked_at.found)


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


def test_what_only_looks_alike_is_left_alone() -> None:
    data = [session(text=text) for text in HARMLESS]

    assert found_in(data) == ("".join(keyed.text for keyed in checked(data)), {})


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
    sharing.ask("GET", f"{path}/data", by="ada", swordfish="swordfish")
    sharing.ask("GET", f"{path}/data", by="linus")
    sharing.ask("GET", f"{path}/data", by="swordfish")
    sharing.ask("GET", "/api/shares", by="ada", cursor="swordfish")
    sharing.ask("GET", "/api/swordfish")
    sharing.ask("DELETE", path, {"secret": share.secret})

    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["status"] for line in lines] == [200, 200, 403, 400, 400, 400, 413, 200, 403, 401, 400, 404, 200]
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
