"""The functions as Lambda loads and calls them, what they log, and what becomes of what nobody has thought of."""

import json
import runpy
from collections.abc import Callable
from typing import Any

import pytest

from opencode_stacks.publishing.envelope import sealed
from opencode_stacks.publishing.manifest import Manifest
from opencode_stacks.publishing.publication import for_older_clients
from serve_downloads.bucket import Bucket
from serve_downloads.envelope import key_id
from serve_downloads.settings import page_settings
from served_site.aws_clients import s3_client
from served_site.settings import SettingsError
from tests.functions.conftest import BUCKET, DOWNLOADS_URL, KEY, Downloads, World
from tests.functions.load_balancer import DATA, event, sample
from tests.functions.publisher import MANIFEST, WHEEL_NAME

Handler = Callable[[dict[str, Any], object], dict[str, Any]]
Load = Callable[[str], Handler]


@pytest.fixture
def load(world: World, monkeypatch: pytest.MonkeyPatch) -> Load:
    """The handler of a module that is loaded anew."""
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)

    def loaded(module: str) -> Handler:
        handler: Handler = runpy.run_module(f"serve_downloads.{module}")["handler"]
        return handler

    return loaded


def test_the_handlers_answer_a_load_balancer_s_events(downloads: Downloads, load: Load) -> None:
    public, pages = load("public"), load("pages")

    manifest = public(event("curl", "/version.json", headers={}), None)
    page = pages(event("browser", "/", headers={DATA: "forged"}), None)

    assert (manifest["statusCode"], manifest["multiValueHeaders"]["Content-Type"]) == (200, ["application/json"])
    assert (page["statusCode"], page["isBase64Encoded"]) == (401, False)
    assert "headers" not in page
    json.dumps([manifest, page])


def test_a_health_check_which_has_single_headers_is_answered_in_kind(downloads: Downloads, load: Load) -> None:
    answer = load("public")({**sample("health_check")}, None)

    assert answer["statusCode"] == 404
    assert answer["headers"]["Content-Type"].startswith("text/plain")
    assert "multiValueHeaders" not in answer


def test_one_line_is_logged_per_request_and_nothing_of_people_or_codes(
    downloads: Downloads, capsys: pytest.CaptureFixture[str]
) -> None:
    code = downloads.page()["body"].partition(f"{DOWNLOADS_URL}/i/")[2][:32]
    downloads.public(f"/i/{code}")
    downloads.public(f"/i/{code}/{WHEEL_NAME}", x_secret="swordfish")
    downloads.now_s += 3600
    downloads.public(f"/i/{code}.ps1")
    downloads.page("/download/swordfish")
    downloads.public("/swordfish")

    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/", 200),
        ("/i/{code}", 200),
        ("/i/{code}/{name}", 302),
        ("/i/{code}", 410),
        ("/download/{name}", 404),
        ("unknown", 404),
    ]
    assert all(line["duration_ms"] >= 0 for line in lines)
    assert not [said for said in (code, "Ada", "swordfish", "X-Amz", "203.0.113.7") if said in text]


@pytest.mark.parametrize("path", ["/", f"/download/{WHEEL_NAME}"])
def test_what_nobody_has_thought_of_is_a_503_with_a_reference_to_the_log(
    downloads: Downloads, path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise ZeroDivisionError("swordfish")

    monkeypatch.setattr(Bucket, "read", broken)

    answer = downloads.page(path)

    logged = json.loads(capsys.readouterr().out)
    assert answer["statusCode"] == logged["status"] == 503
    assert logged["reference"] in answer["body"]
    assert logged["error"] == "ZeroDivisionError"
    assert any(frame.startswith("broken:") for frame in logged["frames"])
    assert "swordfish" not in answer["body"] + json.dumps(logged)
    told = downloads.public("/version.json")
    assert (told["statusCode"], "reference" in told["body"]) == (503, True)


def test_addresses_of_files_name_the_bucket_s_own_region(world: World) -> None:
    """The global host redirects, and refuses the signature, for buckets of newer regions."""
    bucket = Bucket(s3_client({"AWS_REGION": "eu-central-1"}), BUCKET)

    host = f"{BUCKET}.s3.eu-central-1.amazonaws.com"
    assert bucket.presigned_url("releases/1.2.0/a").startswith(f"https://{host}/releases/1.2.0/a?")


def test_what_the_publisher_seals_is_opened_here(downloads: Downloads) -> None:
    publisher = downloads.world.publisher
    manifest = Manifest.read(json.dumps({**MANIFEST, "minimum": None, "keys": [publisher.written_key]}).encode())
    envelope = sealed(manifest.body, [publisher], beside=for_older_clients(manifest))
    downloads.world.put(KEY, envelope)

    assert downloads.public("/version.json")["body"].encode() == envelope
    assert downloads.page()["statusCode"] == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BUCKET", ""),
        ("RELEASE_KEYS", ""),
        ("RELEASE_KEYS", "AAAA"),
        ("RELEASE_KEYS", "not base64"),
        ("RELEASE_KEYS", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,"),
        ("DOWNLOADS_URL", "downloads.example.com"),
        ("DOWNLOADS_URL", "https://downloads.example.com/'; rm -rf ~"),
        ("GATEWAY_URL", "ftp://ai.example.com"),
        ("GATEWAY_URL", "https://ai.example.com$(reboot)"),
        ("SIGNER_ARN", ""),
        ("SIGNER_KEYS_URL", "file:///etc/passwd"),
        ("CLIENT_ID", ""),
        ("ISSUER", ""),
        ("HELP_URL", "javascript:alert(1)"),
    ],
)
def test_an_environment_that_cannot_be_is_refused_by_the_name_of_the_variable(
    world: World, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name):
        page_settings({**world.environment, name: value})


def test_a_key_is_known_by_what_the_manifest_calls_it() -> None:
    """The public key of RFC 8032, 7.1, test 1; its id is what `sha256sum` says of it."""
    raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

    assert key_id(raw) == "21fe31dfa154a261"
