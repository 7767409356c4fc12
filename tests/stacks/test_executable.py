"""The client as one file that needs nothing of the machine it runs on."""

import subprocess
from pathlib import Path

import pytest
from PyInstaller.archive.readers import CArchiveReader

from opencode_auth.cli import COMMANDS
from opencode_local.aws import EmbeddedAws
from opencode_stacks.environment import ROOT
from opencode_stacks.publishing.artifacts import executable_name, this_platform, version_of
from tests.stacks.publishing_site import Site


def test_a_release_that_is_built_here_has_an_executable_that_runs_by_itself(
    tmp_path: Path, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site, client = Site(tmp_path, aws, monkeypatch, capsys), ROOT / "client"
    version = version_of(client)

    assert site.publish(version, SOURCE=str(client), EXECUTABLES="") == 0, site.said

    platforms = {artifact["platform"] for artifact in site.manifest()["artifacts"]}
    assert platforms == {"any", this_platform()}
    file = tmp_path / "downloaded"
    file.write_bytes(site.get(f"releases/{version}/{executable_name(version, this_platform())}") or b"")
    file.chmod(0o755)
    environ = {"PATH": "/nowhere", "HOME": str(tmp_path)}
    shown = subprocess.run([file, "status"], env=environ, capture_output=True, text=True, check=False)  # noqa: S603  ours
    assert "opencode-auth setup" in shown.stderr, shown
    modules = CArchiveReader(str(file)).open_embedded_archive("PYZ.pyz").toc
    assert {f"opencode_auth.commands.{command}" for command in COMMANDS} <= modules.keys()
    assert "keyring.backends.SecretService" in modules
    strangers = {"boto3", "hypothesis", "mypy", "pulumi", "pydantic", "pytest", "setuptools", "uvloop"}
    assert not strangers & {name.partition(".")[0] for name in modules}
