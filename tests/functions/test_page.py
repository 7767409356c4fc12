"""The page that people see who have signed in."""

import hashlib
import html
import json
import re
from html.parser import HTMLParser
from itertools import cycle
from typing import Any

import pytest

from tests.functions.conftest import DOWNLOADS_URL, GATEWAY_DOCUMENT, KEY, Downloads
from tests.functions.publisher import LINUX_NAME, MANIFEST, WHEEL, WHEEL_NAME

CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)//",
    "{{ 7 * 191 }}{% raw %}",
    "&lt;script&gt;",
    "]]><!--",
)
MODEL = {
    "name": "Claude Sonnet 4.6",
    "limit": {"context": 1_000_000, "output": 64_000},
    "cost": {"input": 3.0, "output": 15.0, "cache_read": 0.375},
    "tool_call": True,
    "modalities": {"input": ["text", "image"]},
}


class Elements(HTMLParser):
    """Every element and the names of its attributes, in order; values and texts are left out."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.shape: list[tuple[str, ...]] = []
        self.scripts: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, *sorted(name for name, _ in attrs)))
        if tag == "script":
            self.scripts.append(dict(attrs))
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_comment(self, data: str) -> None:
        self.shape.append(("comment", data))


def gateway_document(models: dict[str, Any]) -> bytes:
    config = {"model": "bedrock/claude-sonnet-4-6", "provider": {"bedrock": {"models": models}}}
    return json.dumps({"auth": {}, "config": config, "gateway": {}}).encode()


def shown(answer: dict[str, Any]) -> str:
    return " ".join(html.unescape(answer["body"]).split())


def test_the_page_has_the_lines_that_install_from_here_and_what_there_is_to_know(downloads: Downloads) -> None:
    downloads.world.publish(GATEWAY_DOCUMENT, gateway_document({"claude-sonnet-4-6": MODEL}))
    downloads.world.wire.asked.clear()

    answer = downloads.page()

    assert downloads.world.wire.asked == {"GetObject": 1, "PutObject": 1}
    text = shown(answer)
    found = re.search(rf"{DOWNLOADS_URL}/i/[a-z2-7]{{32}}", text)
    assert found
    base, digest = found[0], hashlib.sha256(WHEEL).hexdigest()
    for line in (
        f"curl -fsSL {base} | sh",
        f"irm {base}.ps1 | iex",
        f'uvx pip download --quiet --no-deps "opencode-auth @ {base}/{WHEEL_NAME}#sha256={digest}"',
        f"uv tool install ./{WHEEL_NAME}",
        f'pipx install "opencode-auth @ {base}/{WHEEL_NAME}#sha256={digest}"',
        f"opencode-auth setup {downloads.world.environment['GATEWAY_URL']}",
    ):
        assert line in text
    for fact in ("Ada Lovelace", "1.2.0", "21 November 2026", "Quicker & smaller", "First for Windows", "12.4 MB"):
        assert fact in text
    for fact in (digest, "ab" * 32, f"/download/{LINUX_NAME}", "mailto:help@example.com", "12:15 UTC"):
        assert fact in answer["body"]
    for fact in ("Claude Sonnet 4.6", "claude-sonnet-4-6", "1M", "64K", "$3.00", "$15.00", "$0.375"):
        assert fact in text


def test_no_line_has_uv_install_from_an_address_whose_sum_it_does_not_compare(downloads: Downloads) -> None:
    assert re.findall(r"uv tool install ([^\s<]+)", shown(downloads.page())) == [f"./{WHEEL_NAME}"]


def test_every_page_keeps_browsers_from_doing_anything_else_with_it(downloads: Downloads) -> None:
    for answer in (downloads.page(), downloads.page("/nothing"), downloads.page(data=None)):
        headers = answer["headers"]
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Content-Security-Policy"] == CSP
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert headers["Cache-Control"] == "no-store"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Set-Cookie" not in headers
        seen = Elements(answer["body"])
        assert not [names for names in seen.shape if "style" in names or any(name.startswith("on") for name in names)]
        assert all((script.get("src") or "").startswith("/assets/") for script in seen.scripts)
        assert not re.search(r"<script[^>]*>[^<]", answer["body"])


def test_no_claim_text_of_a_release_or_model_becomes_markup(downloads: Downloads) -> None:
    world = downloads.world
    model = {"claude-sonnet-4-6": {**MODEL, "name": "Plain"}, "other": MODEL}
    world.publish(GATEWAY_DOCUMENT, gateway_document(model))
    plain = Elements(downloads.page()["body"]).shape
    for payload, claim in zip(PAYLOADS, cycle(("name", "given_name", "email")), strict=False):
        history = [{**release, "message": payload} for release in MANIFEST["history"]]
        world.put(KEY, world.publisher.envelope({"message": payload, "history": history}))
        world.publish(
            GATEWAY_DOCUMENT,
            gateway_document({"claude-sonnet-4-6": {**MODEL, "name": payload}, payload: {**MODEL, "name": payload}}),
        )
        visitor = Downloads(world)
        answer = visitor.page(data=world.balancer.data(visitor.now_s, **{"name": "", claim: payload}))
        assert answer["statusCode"] == 200
        assert shown(answer).count(payload) >= 4, "it is shown as it is"
        seen = Elements(answer["body"])
        assert seen.shape == plain, payload
        assert "1337" not in answer["body"]
        assert not [address for address in seen.addresses if "javascript:" in address]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "<script>"},
        {"published": "<script>"},
        {"minimum": "<script>"},
        {"message": "x" * 501},
        {"message": 7},
        {"version": "1.2.0/../.."},
        {"version": "1.2.0\n"},
        {"version": None},
        {"published": "2026-13-40T12:00:00Z"},
        {"artifacts": {}},
        {"artifacts": ["<script>"]},
        {"history": None},
        {"history": [{"version": "<script>", "published": "2026-11-21T12:00:00Z", "message": ""}]},
        *(
            {"artifacts": [{**MANIFEST["artifacts"][0], field: wrong}]}
            for field, wrong in (
                ("name", "<script>"),
                ("name", "../manifest.json"),
                ("name", ".hidden"),
                ("kind", "<script>"),
                ("platform", "<script>"),
                ("sha256", "<script>"),
                ("size", "<script>"),
                ("size", -1),
                ("size", True),
            )
        ),
    ],
)
def test_a_manifest_with_a_field_that_cannot_be_is_not_served_although_it_is_signed(
    downloads: Downloads, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    downloads.world.put(KEY, downloads.world.publisher.envelope(changes))

    answer = downloads.page()

    assert answer["statusCode"] == 503
    assert "could not be verified" in answer["body"]
    assert "<script>" not in answer["body"]
    logged = json.loads(capsys.readouterr().out)
    [(changed, value)] = changes.items()
    within = value[0] if isinstance(value, list) and isinstance(value[0], dict) else {}
    assert any(f"the manifest's {field} " in logged["why"] for field in (changed, *within))


def test_before_the_first_release_the_page_says_so_and_mints_nothing(downloads: Downloads) -> None:
    downloads.world.remove(KEY)

    answer = downloads.page()

    assert answer["statusCode"] == 200
    assert "Ada Lovelace" in answer["body"]
    assert "published" in answer["body"]
    assert "/i/" not in answer["body"]
    assert downloads.world.wire.asked["PutObject"] == 0
    assert downloads.public("/version.json")["statusCode"] == 404


def test_lines_are_there_for_what_the_release_can_install(downloads: Downloads) -> None:
    linux_only = [artifact for artifact in MANIFEST["artifacts"] if artifact["name"] == LINUX_NAME]
    downloads.world.put(KEY, downloads.world.publisher.envelope({"artifacts": linux_only}))

    text = shown(downloads.page())

    assert "curl -fsSL" in text
    assert not re.search(r"/i/\w+\.ps1", text)
    assert WHEEL_NAME not in text


def test_only_a_view_of_the_page_mints_a_code(downloads: Downloads) -> None:
    head = downloads.page(method="HEAD")

    assert (head["statusCode"], head["body"]) == (200, "")
    assert downloads.world.wire.asked["PutObject"] == 0


def test_models_are_asked_for_every_five_minutes_and_kept_while_the_gateway_is_away(downloads: Downloads) -> None:
    gateway = downloads.world.environment["GATEWAY_URL"]

    def asked() -> int:
        return downloads.fetches.count(f"{gateway}/{GATEWAY_DOCUMENT}")

    downloads.unreachable.add(gateway + "/.well-known")
    assert all(downloads.page()["statusCode"] == 200 for _ in range(3))
    assert asked() == 1, "nobody else waits for a gateway that does not answer"

    downloads.unreachable.clear()
    downloads.world.publish(GATEWAY_DOCUMENT, gateway_document({"claude-sonnet-4-6": MODEL}))
    downloads.now_s += 30
    assert all("Claude Sonnet 4.6" in downloads.page()["body"] for _ in range(3))
    assert asked() == 2

    downloads.unreachable.add(gateway + "/.well-known")
    downloads.now_s += 300
    assert "Claude Sonnet 4.6" in downloads.page()["body"]
    assert asked() == 3


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"config": null}',
        b'{"config": {"provider": []}}',
        gateway_document({"a": 7}),
        gateway_document({"a": {"limit": None}}),
        gateway_document({"a": {"limit": {"context": "many"}}}),
        gateway_document({"a": {"cost": {"input": {}}}}),
        gateway_document({"a": {"modalities": {"input": None}}}),
    ],
)
def test_a_gateway_that_answers_nonsense_costs_the_page_nothing_but_the_models(
    downloads: Downloads, document: bytes
) -> None:
    downloads.world.publish(GATEWAY_DOCUMENT, document)

    answer = downloads.page()

    assert answer["statusCode"] == 200
    assert "curl -fsSL" in answer["body"]


def test_what_the_page_looks_like_may_be_kept_for_ever_because_its_address_tells_its_content(
    downloads: Downloads,
) -> None:
    addresses = {address for address in Elements(downloads.page()["body"]).addresses if address.startswith("/assets/")}

    assert {address.rpartition(".")[2] for address in addresses} == {"css", "js"}
    for address in addresses:
        answer = downloads.page(address, data=None)
        assert answer["statusCode"] == 200
        assert answer["headers"]["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
        assert answer["headers"]["Content-Type"].startswith(("text/css", "text/javascript"))
        assert address.split(".")[-2] == hashlib.sha256(answer["body"].encode()).hexdigest()[:12]
        head = downloads.page(address, method="HEAD")
        assert (head["statusCode"], head["body"]) == (200, "")
    for path in ("/assets/page.css", "/assets/../pages.py", "/assets/%2e%2e/pages.py", "/assets/"):
        assert downloads.page(path)["statusCode"] == 404
