"""An environment whose releases go to the embedded AWS, and the command that publishes them."""

import base64
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from opencode_local.aws import EmbeddedAws
from opencode_stacks import publish
from opencode_stacks.publishing.artifacts import executable_name, this_platform, wheel_name

REGION = "us-east-1"
GATEWAY, DOWNLOADS = "https://ai.example.com", "https://downloads.example.com"
MANIFEST = "releases/manifest.json"
VARIABLES = ("MINIMUM", "CRITICAL", "MESSAGE", "CONFIG", "EXECUTABLES", "WHEEL_ONLY", "SIGNING_KEY", "KEEP_VERSIONS")
numbers = count(1)


def pae(body: bytes) -> bytes:
    """As DSSE's protocol.md has it, written down a second time."""
    kind = b"application/vnd.opencode-auth.release+json"
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])


@dataclass
class Site:
    """One bucket and its keys. `publish` runs the real command; what it says is in `said` and `answered`."""

    folder: Path
    aws: EmbeddedAws
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    key_arn: str | None = None
    release_keys: list[str] = field(default_factory=list)
    said: str = ""
    answered: str = ""

    def __post_init__(self) -> None:
        self.s3, self.kms = self.client("s3"), self.client("kms")
        self.patch.setenv("AWS_ENDPOINT_URL", self.aws.url)
        self.patch.setenv("PATH", f"{self.folder}{os.pathsep}{os.environ['PATH']}")
        for name in VARIABLES:
            self.patch.delenv(name, raising=False)
        self.renew()

    def renew(self) -> None:
        """An empty bucket, and a key that KMS keeps."""
        self.bucket = f"releases-{next(numbers)}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.use_kms()

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION, endpoint_url=self.aws.url)

    def use_kms(self) -> None:
        made = self.kms.create_key(KeySpec="ECC_NIST_EDWARDS25519", KeyUsage="SIGN_VERIFY")["KeyMetadata"]
        public = self.kms.get_public_key(KeyId=made["Arn"])["PublicKey"][-32:]
        self.deploy(made["Arn"], base64.b64encode(public).decode())

    def deploy(self, key_arn: str | None, *release_keys: str, **outputs: Any) -> None:
        """What `pulumi stack output` says from now on."""
        self.key_arn, self.release_keys = key_arn, list(release_keys)
        known = {
            "api_url": GATEWAY,
            "downloads_url": DOWNLOADS,
            "releases_bucket": self.bucket,
            "release_signing_key_arn": key_arn,
            "client_config": {"region": REGION, "release_keys": self.release_keys},
            **outputs,
        }
        self.pulumi(f"cat <<'END'\n{json.dumps(known)}\nEND")

    def pulumi(self, script: str) -> None:
        self.executable(self.folder / "pulumi", script)

    def executable(self, file: Path, script: str) -> Path:
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return file

    def source(self, version: str) -> Path:
        folder = self.folder / f"client-{version}"
        (folder / "opencode_auth").mkdir(parents=True, exist_ok=True)
        (folder / "opencode_auth" / "version.py").write_text(f'"""Which."""\n\nVERSION = "{version}"\n')
        return folder

    def prebuilt(self, version: str, content: str = "") -> Path:
        """A folder with a wheel and this platform's executable, as a build system leaves them."""
        folder = self.folder / f"built-{version}-{content}"
        folder.mkdir(exist_ok=True)
        script = (
            f'#!/bin/sh\n[ "$1" = --version ] && echo "opencode-auth, version {version}" || echo "$@"\n# {content}\n'
        )
        (folder / executable_name(version, this_platform())).write_text(script)
        (folder / wheel_name(version)).write_text(f"wheel of {version} {content}")
        return folder

    def publish(self, version: str = "1.0.0", **variables: str) -> int:
        self.patch.setenv("SOURCE", str(self.source(version)))
        variables = {"EXECUTABLES": str(self.prebuilt(version)), **variables}
        with pytest.MonkeyPatch.context() as environ:
            for name, value in variables.items():
                environ.setenv(name, value)
            code = publish.main("dev")
        printed = self.capsys.readouterr()
        self.answered, self.said = printed.out, printed.err
        return code

    def refused(self, version: str = "1.0.0", **variables: str) -> str:
        """Why; and what is published has not changed by it."""
        before = self.get(MANIFEST)
        assert self.publish(version, **variables) == 1
        assert self.get(MANIFEST) == before
        assert not self.answered
        return self.said

    def get(self, key: str) -> bytes | None:
        found = self.objects().get(key)
        return None if found is None else bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def objects(self) -> Mapping[str, str]:
        """ETag by key."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())
        return {one["Key"]: one["ETag"] for one in listed}

    def envelope(self) -> dict[str, Any]:
        found = json.loads(self.get(MANIFEST) or b"null")
        assert isinstance(found, dict), "nothing is published"
        return found

    def manifest(self, *keys: str) -> dict[str, Any]:
        """What is published, after everything that a client checks: the signature, and the bytes of each artifact."""
        envelope = self.envelope()
        body = base64.b64decode(envelope["payload"])
        for one in keys or self.release_keys:
            raw = base64.b64decode(one)
            name = sha256(raw).hexdigest()[:16]
            signature = next(found["sig"] for found in envelope["signatures"] if found["keyid"] == name)
            Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature), pae(body))
        manifest = json.loads(body)
        for artifact in manifest["artifacts"]:
            content = self.get(f"releases/{manifest['version']}/{artifact['name']}")
            assert content is not None, artifact
            assert (len(content), sha256(content).hexdigest()) == (artifact["size"], artifact["sha256"])
        assert isinstance(manifest, dict)
        return manifest

    def key_file(self, name: str) -> tuple[str, str]:
        """Path of a new private key, and its public half."""
        key = Ed25519PrivateKey.generate()
        file = self.folder / name
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return str(file), base64.b64encode(public).decode()
