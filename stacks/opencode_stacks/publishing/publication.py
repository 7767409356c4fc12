"""A publication, from what stands in the bucket to what stands there afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from opencode_stacks.publishing import building
from opencode_stacks.publishing.archive import archive
from opencode_stacks.publishing.artifacts import (
    described,
    executable_name,
    prebuilt,
    refuse_broken,
    this_platform,
    version_of,
    wheel_name,
)
from opencode_stacks.publishing.bucket import ARCHIVE, MANIFEST, ReleaseBucket
from opencode_stacks.publishing.envelope import opened, sealed
from opencode_stacks.publishing.manifest import Manifest, fitting
from opencode_stacks.publishing.plan import decided, outdated
from opencode_stacks.publishing.signing import Clients, refuse_unknown, signers
from opencode_stacks.publishing.target import Target
from opencode_stacks.publishing.wishes import Wishes

Say = Callable[[str], None]
MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Where, with which clients of AWS, when, and who hears of the steps."""

    target: Target
    clients: Clients
    now: Callable[[], datetime]
    say: Say

    def publish(self, wishes: Wishes) -> Manifest:
        """What is published now. Raises NotPublished, and botocore's errors: then all is as it was for clients."""
        target, say = self.target, self.say
        version = version_of(wishes.source)
        own = [target.signing_key_arn] if target.signing_key_arn else []
        signing = signers(wishes.signing_keys or own, self.clients)
        refuse_unknown(signing, target.release_keys)
        bucket = ReleaseBucket(self.clients("s3"), target.bucket)
        say(f"reading what {target.environment} has")
        held, archive_etag = bucket.manifest(), bucket.etag(ARCHIVE)
        current = Manifest.read(opened(held.body, target.release_keys)) if held else None
        manifest = decided(current, version, wishes, keys=target.release_keys, now=self.now())
        if not manifest.artifacts:
            manifest = self._uploaded(bucket, manifest, wishes, archive_etag)
        say("signing the manifest and putting it in place")
        envelope = sealed(fitting(manifest).body, signing, beside=for_older_clients(manifest))
        bucket.replace(MANIFEST, envelope, etag=held.etag if held else None)
        self._tidy(bucket, manifest, keep=wishes.keep_versions)
        return manifest

    def _tidy(self, bucket: ReleaseBucket, manifest: Manifest, *, keep: int) -> None:
        """What cannot be removed stays: the release is out by now."""
        try:
            for old in outdated(bucket.versions(), manifest, keep=keep):
                self.say(f"removing {old}")
                bucket.remove(old)
        except (BotoCoreError, ClientError) as error:
            self.say(f"old versions stay, the next publication will try again: {error}")

    def _uploaded(
        self, bucket: ReleaseBucket, manifest: Manifest, wishes: Wishes, archive_etag: str | None
    ) -> Manifest:
        """With artifacts, all of which are in the bucket."""
        with TemporaryDirectory() as folder:
            files = [described(file, manifest.version) for file in self._made(Path(folder), manifest.version, wishes)]
            whole = manifest.model_copy(update={"artifacts": tuple(one.artifact for one in files)})
            fitting(whole)
            for one in files:
                self.say(f"uploading {one.artifact.name} ({one.artifact.size / MIB:.1f} MiB)")
                if not bucket.add(manifest.version, one.artifact, one.file):
                    self.say("  is there already")
            self.say("uploading the archive for older clients")
            bucket.replace(ARCHIVE, archive(files, manifest.version, self.target.gateway_url), etag=archive_etag)
        return whole

    def _made(self, folder: Path, version: str, wishes: Wishes) -> Sequence[Path]:
        """The wheel, and those executables that are asked for; each that runs on this platform has been tried."""
        made = prebuilt(wishes.executables, version, folder) if wishes.executables else []
        if not wishes.executables and wishes.has_executables:
            self.say(f"building the executable for {this_platform()} (about half a minute)")
            made = [building.executable(wishes.source, folder, version)]
        for file in made:
            if file.name == executable_name(version, this_platform()):
                refuse_broken(file, version)
        if wheel_name(version) not in {file.name for file in made}:
            self.say("building the wheel")
            made = [building.wheel(wishes.source, folder, version), *made]
        return made


def for_older_clients(manifest: Manifest) -> Mapping[str, Any]:
    """What clients of the gateway that this one succeeds read of the manifest; they know no signatures."""
    return {
        "latest": manifest.version,
        "minimum": manifest.minimum,
        "config_version": manifest.config_version,
        "released": manifest.published,
        "critical": manifest.critical,
        "message": manifest.message,
    }


def answer(manifest: Manifest, target: Target) -> str:
    """What a person reads of a publication that is done."""
    kinds = ", ".join(artifact.platform for artifact in manifest.artifacts)
    lines = [
        f"{manifest.version} is published at {target.downloads_url}",
        f"  publication {manifest.sequence}, for {kinds}",
        f"  minimum: {manifest.minimum or 'none'}; critical: {'yes' if manifest.critical else 'no'}; "
        f"client settings: {manifest.config_version}",
    ]
    return "\n".join(lines)
