"""`make publish ENV=local`: a release for the cloud that runs in this folder."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from opencode_local.__main__ import main
from opencode_local.aws import EmbeddedAws
from opencode_local.run.run_file import Run
from tests.stacks.publishing_site import REGION, Site

HERE = "http://downloads.localhost:8080"


@pytest.fixture
def site(tmp_path: Path, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Site:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["opencode_local", "publish"])
    return Site(tmp_path, aws, monkeypatch, capsys)


def test_a_run_gets_a_release(site: Site, a_run: Callable[[Site], Run]) -> None:
    a_run(site).write()
    site.patch.delenv("AWS_ENDPOINT_URL")
    site.patch.setenv("SOURCE", str(site.source("1.0.0")))
    site.patch.setenv("EXECUTABLES", str(site.prebuilt("1.0.0")))

    assert main() == 0

    assert site.manifest()["version"] == "1.0.0"
    assert site.capsys.readouterr().out.startswith(f"1.0.0 is published at {HERE}\n")


def test_without_a_run_or_a_download_host_one_is_told(site: Site, a_run: Callable[[Site], Run]) -> None:
    assert main() == 1
    assert "nothing runs here" in site.capsys.readouterr().err

    site.bucket = ""
    a_run(site).write()
    assert main() == 1
    assert "local has no download host" in site.capsys.readouterr().err


@pytest.fixture
def a_run() -> Callable[[Site], Run]:
    def made(site: Site) -> Run:
        return Run(
            environment="local",
            pid=os.getpid(),
            started_at=psutil.Process().create_time(),
            url="http://localhost:8080",
            hosts={},
            api_key=None,
            people=(),
            client_config={},
            outputs={
                "api_url": "http://localhost:8080",
                "downloads_url": HERE,
                "releases_bucket": site.bucket or None,
                "release_signing_key_arn": site.key_arn,
                "client_config": {"region": REGION, "release_keys": site.release_keys},
            },
            models=(),
            limits={},
            bedrock_url="",
            aws_url=site.aws.url,
            region=REGION,
            control_url="",
            control_secret="",
            certificate_authority=None,
        )

    return made
