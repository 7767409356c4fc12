"""What anyone may ask of the download host."""

import base64
import hashlib
import json
import re
import shlex
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from serve_downloads.installer import powershell_quoted
from tests.functions.conftest import BUCKET, DOWNLOADS_URL, KEY, Downloads
from tests.functions.load_balancer import SUBJECT
from tests.functions.publisher import LINUX_NAME, MANIFEST, TYPE, WHEEL, WHEEL_NAME, Publisher

MANIFEST_LIFE_S = 60
FIFTEEN_MINUTES_S = 15 * 60
CODE = re.compile(rf"{DOWNLOADS_URL}/i/([a-z2-7]{{32}})")


def code(downloads: Downloads) -> str:
    """Of a new view of the page."""
    found = CODE.search(downloads.page()["body"])
    assert found
    return found[1]


def test_the_signed_manifest_is_served_as_it_was_published_and_may_be_kept_for_five_minutes(
    downloads: Downloads,
) -> None:
    answer = downloads.public("/version.json")

    assert (answer["statusCode"], answer["statusDescription"]) == (200, "200 OK")
    assert answer["body"].encode() == downloads.world.publisher.envelope()
    assert answer["headers"]["Content-Type"] == "application/json"
    assert answer["headers"]["Cache-Control"] == "public, max-age=300"

    etag = answer["headers"]["ETag"]
    for known in (etag, f'W/"other", W/{etag}', "*"):
        unchanged = downloads.public("/version.json", if_none_match=known)
        assert (unchanged["statusCode"], unchanged["body"]) == (304, "")
        assert unchanged["headers"]["ETag"] == etag
    assert downloads.public("/version.json", if_none_match='"other"')["statusCode"] == 200
    head = downloads.public("/version.json", method="HEAD")
    assert (head["statusCode"], head["body"], head["headers"]["ETag"]) == (200, "", etag)


def test_the_manifest_is_read_once_a_minute_however_many_ask(downloads: Downloads) -> None:
    reads = downloads.world.wire.asked

    for _ in range(50):
        downloads.public("/version.json")
    downloads.now_s += MANIFEST_LIFE_S - 1
    downloads.public("/version.json")
    assert reads == {"GetObject": 1}

    newer = downloads.world.publisher.envelope({"sequence": 8, "message": "newer"})
    downloads.world.put(KEY, newer)
    reads.clear()
    downloads.now_s += 1
    assert downloads.public("/version.json")["body"].encode() == newer
    assert reads == {"GetObject": 1}


@pytest.mark.parametrize(
    ("refusal", "status"),
    [((403, "AccessDenied"), 404), ((404, "NoSuchKey"), 404), ((400, "KMS.DisabledException"), 503)],
)
def test_a_manifest_that_cannot_be_had_is_not_asked_for_by_every_visitor(
    downloads: Downloads, refusal: tuple[int, str], status: int
) -> None:
    downloads.world.wire.refusal = refusal

    answers = [downloads.public("/version.json") for _ in range(20)]

    assert {answer["statusCode"] for answer in answers} == {status}
    assert downloads.world.wire.asked == {"GetObject": 1}
    assert answers[0]["headers"]["Cache-Control"] == "no-store"
    downloads.world.wire.refusal = None
    downloads.now_s += MANIFEST_LIFE_S
    assert downloads.public("/version.json")["statusCode"] == 200


def tampered(publisher: Publisher) -> dict[str, bytes]:
    """Envelopes that whoever can write the bucket could put there."""
    good: dict[str, Any] = json.loads(publisher.envelope())
    other = base64.b64encode(json.dumps({**MANIFEST, "message": "EVIL"}).encode()).decode()
    unknown = Publisher().envelope({"message": "EVIL"})
    return {
        "another manifest under the old signature": json.dumps({**good, "payload": other}).encode(),
        "signed by an unknown key": unknown,
        "signed by an unknown key many times": json.dumps(
            {**json.loads(unknown), "signatures": json.loads(unknown)["signatures"] * 1000}
        ).encode(),
        "not signed": json.dumps({**good, "payload": other, "signatures": []}).encode(),
        "of another type": publisher.envelope({"message": "EVIL"}, kind="application/vnd.in-toto+json"),
        "renamed from another type": publisher.envelope({"message": "EVIL"}, kind="text/plain").replace(
            b"text/plain", TYPE.encode()
        ),
        "another minimum for older clients": publisher.envelope(minimum="99.0.0"),
        "another message for older clients": publisher.envelope(latest="1.2.0", message="EVIL"),
        "no JSON": b"EVIL",
        "no object": b'["EVIL"]',
        "nested without end": b"[" * 200_000,
        "too large": json.dumps({**good, "more": "EVIL" * 100_000}).encode(),
        "not base64": json.dumps({**good, "payload": "EVIL!"}).encode(),
        "a signature that is none": json.dumps({**good, "signatures": [{"sig": "RVZJTA=="}]}).encode(),
    }


def test_nothing_of_a_manifest_is_served_that_no_trusted_key_has_signed(downloads: Downloads) -> None:
    world = downloads.world
    base = f"/i/{code(downloads)}"
    for kind, envelope in tampered(world.publisher).items():
        world.put(KEY, envelope)
        visitor = Downloads(world)
        answers = [visitor.public("/version.json")]
        if kind == "signed by an unknown key":
            answers += [visitor.public(path) for path in (base, f"{base}.ps1", f"{base}/{WHEEL_NAME}")]
            answers += [visitor.page(), visitor.page(f"/download/{WHEEL_NAME}")]
        assert {answer["statusCode"] for answer in answers} == {503}, kind
        assert not any("EVIL" in answer["body"] or "99.0.0" in answer["body"] for answer in answers), kind
        assert all("could not be verified" in answer["body"] for answer in answers), kind


def test_what_older_clients_read_beside_the_signature_is_served_when_it_repeats_what_is_signed(
    downloads: Downloads,
) -> None:
    repeated = {"latest": "1.2.0", "released": MANIFEST["published"], "config_version": 3, "critical": False}
    envelope = downloads.world.publisher.envelope(**repeated, minimum="1.0.0", message=MANIFEST["message"])
    downloads.world.put(KEY, envelope)

    assert downloads.public("/version.json")["body"].encode() == envelope


def test_a_code_of_the_page_leads_to_the_installers_and_their_files_for_fifteen_minutes(downloads: Downloads) -> None:
    minted = code(downloads)
    base = f"/i/{minted}"
    downloads.now_s += FIFTEEN_MINUTES_S - 1

    posix, powershell = downloads.public(base), downloads.public(f"{base}.ps1")
    file = downloads.public(f"{base}/{WHEEL_NAME}")

    assert [posix["statusCode"], powershell["statusCode"], file["statusCode"]] == [200, 200, 302]
    for installer, body in ((posix, "install.sh"), (powershell, "install.ps1")):
        assert installer["headers"]["Content-Type"] == "text/plain; charset=utf-8", body
        assert installer["headers"]["Cache-Control"] == "no-store", body
    downloads.now_s += 1
    for path in (base, f"{base}.ps1", f"{base}/{WHEEL_NAME}"):
        expired = downloads.public(path)
        assert expired["statusCode"] == 410
        assert "copy a new one" in expired["body"]


def test_an_installer_begins_with_what_it_installs_and_from_where(downloads: Downloads) -> None:
    minted = code(downloads)
    wheel_sum = hashlib.sha256(WHEEL).hexdigest()
    sums = f"{wheel_sum}  {WHEEL_NAME}\n{'ab' * 32}  {LINUX_NAME}"
    gateway = downloads.world.environment["GATEWAY_URL"]

    posix = shlex.split(downloads.public(f"/i/{minted}")["body"].partition("\n#")[0])
    powershell = downloads.public(f"/i/{minted}.ps1")["body"]

    base = f"{DOWNLOADS_URL}/i/{minted}"
    assert posix == [f"GATEWAY={gateway}", "VERSION=1.2.0", f"BASE={base}", f"SUMS={sums}"]
    assert powershell.startswith(f"$GATEWAY = '{gateway}'\n$VERSION = '1.2.0'\n$BASE = '{base}'\n$SUMS = '{sums}'\n")
    assert powershell_quoted("a'b\u2019$(c)") == "'a''b\u2019\u2019$(c)'", (
        "PowerShell takes curly quotes for straight ones"
    )


def test_a_file_comes_straight_from_the_bucket_through_an_address_of_five_minutes(downloads: Downloads) -> None:
    answer = downloads.public(f"/i/{code(downloads)}/{WHEEL_NAME}")

    address = answer["headers"]["Location"]
    query = parse_qs(urlsplit(address).query)
    assert query["X-Amz-Expires"] == ["300"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    with urlopen(address, timeout=5) as found:  # noqa: S310  of the embedded AWS
        assert found.read() == WHEEL
        assert found.headers["Content-Disposition"] == f'attachment; filename="{WHEEL_NAME}"'
    assert answer["headers"]["Cache-Control"] == "no-store"


def test_the_bucket_learns_no_code_but_whose_it_is_and_until_when(downloads: Downloads) -> None:
    minted = code(downloads)

    hashed = hashlib.sha256(minted.encode()).hexdigest()
    stored = downloads.world.client.get_object(Bucket=BUCKET, Key=f"links/{hashed}")["Body"].read()
    assert json.loads(stored) == {"person": SUBJECT, "ends_s": int(downloads.now_s) + FIFTEEN_MINUTES_S}
    assert code(downloads) != minted


@pytest.mark.parametrize(
    "name",
    [
        "a" * 31,
        "a" * 33,
        "A" * 32,
        "1" * 32,
        "..%2f..%2freleases%2fmanifest",
        "\u212a" * 32,
        hashlib.sha256(b"a").hexdigest(),
        "a" * 31 + "\n",
    ],
)
def test_what_cannot_be_a_code_is_unknown_without_asking_the_bucket(downloads: Downloads, name: str) -> None:
    for path in (f"/i/{name}", f"/i/{name}.ps1", f"/i/{name}/{WHEEL_NAME}"):
        assert downloads.public(path)["statusCode"] == 404

    assert not downloads.world.wire.asked


@pytest.mark.parametrize("stored", [None, b"", b"[]", b'{"ends_s": null}', b'{"ends_s": "soon"}'])
def test_a_code_that_nobody_minted_leads_nowhere(downloads: Downloads, stored: bytes | None) -> None:
    unknown = "b" * 32
    if stored is not None:
        downloads.world.put(f"links/{hashlib.sha256(unknown.encode()).hexdigest()}", stored)

    for path in (f"/i/{unknown}", f"/i/{unknown}.ps1", f"/i/{unknown}/{WHEEL_NAME}"):
        answer = downloads.public(path)
        assert answer["statusCode"] == 404
        assert "Location" not in answer["headers"]


@pytest.mark.parametrize(
    "name",
    [
        "manifest.json",
        "../manifest.json",
        "..%2Fmanifest.json",
        "opencode-installer.zip",
        "opencode_auth-1.1.0-py3-none-any.whl",
        "",
        f"{WHEEL_NAME}/",
        WHEEL_NAME.upper(),
    ],
)
def test_only_files_that_the_signed_manifest_lists_can_be_had(downloads: Downloads, name: str) -> None:
    answers = [downloads.public(f"/i/{code(downloads)}/{name}"), downloads.page(f"/download/{name}")]

    assert [answer["statusCode"] for answer in answers] == [404, 404]
    assert not any("Location" in answer["headers"] for answer in answers)


def test_files_need_a_code_or_a_sign_in(downloads: Downloads) -> None:
    without = [
        downloads.public(f"/i/{'c' * 32}/{WHEEL_NAME}"),
        downloads.public(f"/download/{WHEEL_NAME}"),
        downloads.public(f"/releases/1.2.0/{WHEEL_NAME}"),
        downloads.page(f"/download/{WHEEL_NAME}", data=None),
    ]

    assert [answer["statusCode"] for answer in without] == [404, 404, 404, 401]
    assert not any("Location" in answer["headers"] for answer in without)
    address = downloads.page(f"/download/{WHEEL_NAME}")["headers"]["Location"]
    with pytest.raises(HTTPError, match="403") as refused:
        urlopen(address.partition("?")[0], timeout=5)  # noqa: S310  of the embedded AWS
    refused.value.close()


def test_a_bucket_that_refuses_is_a_503_with_a_sentence(downloads: Downloads) -> None:
    minted = code(downloads)
    downloads.world.wire.refusal = (400, "KMS.DisabledException")

    for answer in (downloads.public(f"/i/{minted}"), Downloads(downloads.world).page()):
        assert answer["statusCode"] == 503
        assert "try again" in answer["body"]
        assert "KMS" not in answer["body"]


def test_programs_are_told_in_a_sentence_what_browsers_are_told_on_a_page(downloads: Downloads) -> None:
    path = f"/i/{'d' * 32}"

    told = downloads.public(path)
    shown = downloads.public(path, accept="text/html,*/*;q=0.8")

    assert told["headers"]["Content-Type"].startswith("text/plain")
    assert shown["headers"]["Content-Type"].startswith("text/html")
    assert told["statusCode"] == shown["statusCode"] == 404
    assert "copy the whole line" in told["body"]
    assert "copy the whole line" in shown["body"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_can_be_written(downloads: Downloads, method: str) -> None:
    for answer in (downloads.public("/version.json", method=method), downloads.page(method=method)):
        assert answer["statusCode"] == 405
        assert answer["headers"]["Allow"] == "GET, HEAD"
    assert not downloads.world.wire.asked
