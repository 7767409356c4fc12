"""What `make publish` puts where clients fetch it, and what it refuses."""

import json
import subprocess
import sys
import zipfile
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest

from opencode_auth.updates import envelope
from opencode_auth.updates import manifest as client
from opencode_local.aws import EmbeddedAws
from opencode_stacks.environment import ROOT
from opencode_stacks.publishing.artifacts import executable_name, this_platform, version_of, wheel_name
from opencode_stacks.publishing.bucket import ReleaseBucket
from serve_downloads import manifest as served
from serve_downloads.envelope import verified_payload
from tests.stacks.publishing_site import DOWNLOADS, GATEWAY, MANIFEST, VARIABLES, Site

ARCHIVE = "releases/latest/opencode-installer.zip"
HOSTILE = "it's \"new\": $(touch pwned) `touch pwned` $(shell touch pwned) ${HOME}\n'''; import os # \\ %s {0}"


@pytest.fixture
def site(tmp_path: Path, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Site:
    return Site(tmp_path, aws, monkeypatch, capsys)


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603  written here


def test_a_release_is_signed_complete_and_told(site: Site) -> None:
    assert site.publish("1.0.0", MESSAGE="The first", CRITICAL="1") == 0

    manifest = site.manifest()
    assert manifest["sequence"] == 1
    assert {(one["kind"], one["platform"]) for one in manifest["artifacts"]} == {
        ("wheel", "any"),
        ("executable", this_platform()),
    }
    assert manifest["history"] == [{"version": "1.0.0", "published": manifest["published"], "message": "The first"}]
    assert manifest["keys"] == site.release_keys
    assert (manifest["minimum"], manifest["critical"], manifest["config"]) == (None, True, {})
    keys = [b64decode(key) for key in site.release_keys]
    assert served.manifest(verified_payload(site.get(MANIFEST) or b"", keys)).version == "1.0.0", "the download host"
    assert client.parsed(envelope.opened(site.envelope(), site.release_keys)).version == "1.0.0", "the client"
    assert {name: site.envelope()[name] for name in ("latest", "minimum", "critical", "message")} == {
        "latest": "1.0.0",
        "minimum": None,
        "critical": True,
        "message": "The first",
    }, "older clients read these"
    assert site.answered.startswith(f"1.0.0 is published at {DOWNLOADS}\n")
    assert site.said.index("uploading opencode") < site.said.index("signing the manifest")


def test_a_message_is_data_all_the_way_from_the_command_line(site: Site, tmp_path: Path) -> None:
    """Weakness D6: it was once put into a shell's text and into a program's source."""
    for name, text in {"Makefile": (ROOT / "Makefile").read_text(), ".venv/.synced": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".venv/bin").mkdir()
    show = (
        f"exec '{sys.executable}' -c 'import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))' \"$@\""
    )
    site.executable(tmp_path / ".venv/bin/python", show)

    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # these tests may have been started by make themselves
        site.patch.delenv(name, raising=False)
    made = run("make", "-o", ".venv/.synced", "publish", f"MESSAGE={HOSTILE}", "ENV=dev", cwd=tmp_path)
    arguments, environ = json.loads(made.stdout)
    assert arguments == ["-m", "opencode_stacks.publish", "dev"]
    assert site.publish(**{name: environ[name] for name in VARIABLES if environ[name]}) == 0

    assert site.manifest()["message"] == HOSTILE
    assert not list(tmp_path.rglob("pwned"))
    assert "control character" in site.refused(MESSAGE="\x1b[2Jnothing to see")
    assert "at most 500 characters" in site.refused(MESSAGE="x" * 501)


def test_the_minimum_is_what_was_asked_for_and_never_rises_by_itself(site: Site) -> None:
    """Weakness D6: a release once shut out everybody who did not have it yet."""
    site.publish("1.0.0")
    assert site.manifest()["minimum"] is None
    site.publish("1.1.0", MINIMUM="1.0.0", CRITICAL="1", MESSAGE="hurry")
    assert site.manifest()["minimum"] == "1.0.0"

    site.publish("1.2.0", MINIMUM="")
    assert (site.manifest()["minimum"], site.manifest()["critical"], site.manifest()["message"]) == ("1.0.0", False, "")

    assert "MINIMUM=1.3.0 is above 1.2.0" in site.refused("1.2.0", MINIMUM="1.3.0")
    assert "MINIMUM: '1.2' is no version" in site.refused("1.2.0", MINIMUM="1.2")
    site.publish("1.2.0", MINIMUM="none")
    assert site.manifest()["minimum"] is None


def test_the_same_version_changes_its_words_and_keeps_its_artifacts(site: Site) -> None:
    site.publish("1.0.0", MESSAGE="old words")
    before = {key: etag for key, etag in site.objects().items() if key != MANIFEST}
    artifacts = site.manifest()["artifacts"]

    site.publish("1.0.0", MESSAGE="new words", EXECUTABLES=str(site.prebuilt("1.0.0", "rebuilt")))

    assert (site.manifest()["sequence"], site.manifest()["artifacts"]) == (2, artifacts)
    assert [one["message"] for one in site.manifest()["history"]] == ["new words"]
    assert {key: etag for key, etag in site.objects().items() if key != MANIFEST} == before
    assert "1.0.0 is published, and 0.9.9 is older" in site.refused("0.9.9")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"api_url": "https://evil.example.com"}, "CONFIG: api_url cannot be set by a release"),
        ({"callback_ports": [80]}, "CONFIG.callback_ports.0: Input should be greater than or equal to 1024"),
        (
            {"downloads_url": "http://downloads.example.com"},
            "CONFIG.downloads_url: 'http://downloads.example.com' is no",
        ),
        ({"scopes": ["profile"]}, "CONFIG.scopes: they lack openid"),
        ({"scopes": "openid"}, "CONFIG.scopes: Input should be a valid list"),
        (["scopes"], "CONFIG: Input should be a valid dictionary"),
    ],
)
def test_settings_that_a_release_may_not_change_are_refused_by_name(site: Site, config: Any, why: str) -> None:
    file = site.folder / "config.json"
    file.write_text(json.dumps(config))

    assert why in site.refused(CONFIG=str(file))


def test_the_version_of_settings_rises_with_their_content_only(site: Site) -> None:
    file = site.folder / "config.json"
    file.write_text('{"scopes": ["openid", "offline_access"], "callback_ports": null}')
    versions = []
    for variables in ({}, {"CONFIG": str(file)}, {"CONFIG": str(file)}, {}):
        site.publish(**variables)
        versions.append(site.manifest()["config_version"])

    assert versions == [0, 1, 1, 1]
    assert site.manifest()["config"] == {"scopes": ["openid", "offline_access"], "callback_ports": None}


def test_a_manifest_that_somebody_else_wrote_is_not_built_upon(site: Site) -> None:
    """Weakness S4: who could write into the bucket owned every laptop."""
    site.publish("1.0.0")
    envelope = site.envelope()
    stranger, _ = site.key_file("stranger.pem")
    forgeries = (
        b"no JSON",
        json.dumps({**envelope, "payload": envelope["payload"].replace("e", "f", 1)}).encode(),
        json.dumps({**envelope, "payloadType": "application/json"}).encode(),
        json.dumps({**envelope, "signatures": []}).encode(),
    )
    for forged in forgeries:
        site.s3.put_object(Bucket=site.bucket, Key=MANIFEST, Body=forged)
        assert "the manifest that is published cannot be trusted" in site.refused("1.1.0")

    assert "nobody would trust this release: the signing key" in site.refused("1.1.0", SIGNING_KEY=stranger)
    assert not [key for key in site.objects() if "/1.1.0/" in key], "it was refused before anything was uploaded"


def test_an_artifact_is_never_overwritten(site: Site) -> None:
    site.publish("1.0.0")
    left = f"releases/1.1.0/{wheel_name('1.1.0')}"
    site.s3.put_object(Bucket=site.bucket, Key=left, Body=b"planted")

    assert f"{left} is there already with other bytes" in site.refused("1.1.0")

    assert site.get(left) == b"planted"
    assert site.manifest()["version"] == "1.0.0"


def test_a_publication_that_was_cut_off_before_the_manifest_changed_nothing_and_can_be_repeated(site: Site) -> None:
    site.publish("1.0.0")

    def cut(_bucket: ReleaseBucket, key: str, _body: bytes, **_: Any) -> None:
        raise KeyboardInterrupt(key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReleaseBucket, "replace", cut)
        with pytest.raises(KeyboardInterrupt):
            site.publish("1.1.0")

    assert site.manifest()["version"] == "1.0.0"
    assert site.publish("1.1.0") == 0
    assert "is there already" in site.said
    assert (site.manifest()["version"], site.manifest()["sequence"]) == ("1.1.0", 2)


@pytest.mark.parametrize("first", [False, True])
def test_of_two_publishers_at_once_one_is_told_and_nothing_is_lost(site: Site, first: bool) -> None:
    if not first:
        site.publish("1.0.0")
    add = ReleaseBucket.add

    def meanwhile(bucket: ReleaseBucket, version: str, *rest: Any) -> bool:
        patch.undo()
        assert site.publish("1.1.0", MESSAGE="the other") == 0
        return add(bucket, version, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ReleaseBucket, "add", meanwhile)
        assert site.publish("1.2.0", MESSAGE="ours") == 1
    assert "somebody else has published meanwhile" in site.said
    assert site.manifest()["message"] == "the other"

    assert site.publish("1.2.0", MESSAGE="ours") == 0
    assert [one["version"] for one in site.manifest()["history"]][:2] == ["1.2.0", "1.1.0"]


def test_old_versions_go_but_none_that_a_client_may_still_need(site: Site) -> None:
    for minor in range(4):
        site.publish(f"1.{minor}.0", MINIMUM="1.1.0" if minor == 1 else "")
    site.s3.put_object(Bucket=site.bucket, Key="releases/2.0.0/early", Body=b"of somebody who is about to publish")
    site.s3.put_object(Bucket=site.bucket, Key="releases/notes/plan", Body=b"no version")

    def versions() -> set[str]:
        return {key.split("/")[1] for key in site.objects()} - {"manifest.json", "latest", "notes"}

    site.publish("1.3.0", KEEP_VERSIONS="1")
    assert versions() == {"1.1.0", "1.2.0", "1.3.0", "2.0.0"}, "1.1.0 is the minimum"
    site.publish("1.3.0", KEEP_VERSIONS="1", MINIMUM="none")
    assert versions() == {"1.3.0", "2.0.0"}
    assert "KEEP_VERSIONS='0' is no number of versions" in site.refused("1.3.0", KEEP_VERSIONS="0")


def test_keys_are_changed_by_signing_with_the_old_and_the_new_one(site: Site) -> None:
    old, old_public = site.key_file("old.pem")
    new, new_public = site.key_file("new.pem")
    site.deploy(None, old_public)
    assert "the stack has no signing key of its own: name one" in site.refused()
    assert site.publish("1.0.0", SIGNING_KEY=old) == 0

    site.deploy(None, old_public, new_public)
    assert site.publish("1.1.0", SIGNING_KEY=f"{new},{old}") == 0

    assert site.manifest(old_public)["keys"] == [old_public, new_public], "who trusts the old one learns the new one"
    site.deploy(None, new_public)
    assert site.publish("1.2.0", SIGNING_KEY=new) == 0
    assert site.manifest(new_public)["keys"] == [new_public]


def test_words_that_do_not_fit_under_a_signature_push_out_the_oldest_ones(site: Site) -> None:
    for minor in range(4):
        assert site.publish(f"1.{minor}.0", MESSAGE=f"{minor}" + "ä" * 490) == 0

    assert [one["version"] for one in site.manifest()["history"]] == ["1.3.0", "1.2.0"], "KMS signs 4,096 bytes"
    assert "shorten MESSAGE" in site.refused("1.4.0", MESSAGE="😀" * 480)


def test_executables_are_tried_and_named_before_anything_is_uploaded(site: Site) -> None:
    built, mine = site.prebuilt("1.0.0", "broken"), executable_name("1.0.0", this_platform())
    (built / mine).write_text("#!/bin/sh\necho opencode-auth, version 0.9.0\n")
    assert f"{mine} --version ends with 0 and says 'opencode-auth, version 0.9.0'" in site.refused(
        EXECUTABLES=str(built)
    )
    (built / mine).write_bytes(b"\x7fELF nothing that runs")
    assert f"{mine} does not start here" in site.refused(EXECUTABLES=str(built))
    stranger = "opencode-auth-0.9.0-linux-x86_64"
    (built / mine).rename(built / stranger)
    assert f"EXECUTABLES: {stranger} in {built}: only artifacts of 1.0.0" in site.refused(EXECUTABLES=str(built))
    assert "EXECUTABLES: there is no folder" in site.refused(EXECUTABLES="nowhere")

    assert not site.objects()


def test_the_archive_of_older_clients_installs_what_lies_in_it(site: Site) -> None:
    site.publish("1.0.0")
    folder = site.folder / "it's unpacked"
    with zipfile.ZipFile(BytesIO(site.get(ARCHIVE) or b"")) as archive:
        archive.extractall(folder)

    site.patch.setenv("OPENCODE_AUTH_HOME", str(site.folder / "home"))
    ran = run("bash", "install.sh", cwd=folder)

    assert ran.stdout == f"install --gateway {GATEWAY}\n", ran.stderr
    name = executable_name("1.0.0", this_platform())
    (folder / name).write_text("#!/bin/sh\necho tampered\n")
    tampered = run("bash", "install.sh", cwd=folder)
    assert (tampered.returncode, tampered.stdout) == (1, "")
    assert "is not what was released" in tampered.stderr


def test_the_wheel_is_the_client_and_always_the_same_bytes(site: Site) -> None:
    now, digests = version_of(ROOT / "client"), []
    for place in ("one", "two"):
        project = site.folder / place
        (project / "opencode_auth").mkdir(parents=True)
        (project / "pyproject.toml").write_bytes((ROOT / "client" / "pyproject.toml").read_bytes())
        for file in (ROOT / "client" / "opencode_auth").glob("*.py"):
            (project / "opencode_auth" / file.name).write_text(file.read_text().replace(f'"{now}"', '"3.4.5"'))
        site.renew()
        assert site.publish("3.4.5", SOURCE=str(project), EXECUTABLES="", WHEEL_ONLY="1") == 0, site.said
        digests.append(site.manifest()["artifacts"])

    (wheel,) = digests[0]
    assert digests == [[wheel], [wheel]]
    with zipfile.ZipFile(BytesIO(site.get(f"releases/3.4.5/{wheel['name']}") or b"")) as members:
        assert 'VERSION = "3.4.5"' in members.read("opencode_auth/version.py").decode()
        assert "Version: 3.4.5" in members.read("opencode_auth-3.4.5.dist-info/METADATA").decode()


def test_what_a_stack_lacks_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.pulumi("echo '{}'")
    assert "dev was never deployed, it has no outputs" in site.refused()
    site.deploy(None, releases_bucket=None)
    assert "write opencode:downloads into Pulumi.dev.yaml and deploy it" in site.refused()
    site.deploy(None)
    assert "its outputs lack client_config.release_keys" in site.refused()
    site.pulumi("echo \"error: no stack named 'dev' found\" >&2; exit 255")
    assert "pulumi does not know what dev has: error: no stack named 'dev' found" in site.refused()
    (site.folder / "pulumi").unlink()
    monkeypatch.setenv("PATH", str(site.folder))
    assert "pulumi is not on PATH" in site.refused()


def test_a_publisher_whom_aws_does_not_know_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(site.folder / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(site.folder / "none"))

    assert site.publish() == 1
    assert site.said == "==> not published: Unable to locate credentials\n"
