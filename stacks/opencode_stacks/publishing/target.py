"""Where releases of an environment go: what its deployed stack says."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opencode_stacks.environment import ROOT
from opencode_stacks.publishing.refusal import NotPublished

LAST_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A download host."""

    environment: str
    region: str
    bucket: str
    signing_key_arn: str | None
    """None: releases are signed with keys from elsewhere."""
    release_keys: tuple[str, ...]
    """Whose signatures the download host and clients accept."""
    downloads_url: str
    gateway_url: str

    @classmethod
    def of(cls, environment: str, outputs: Mapping[str, Any]) -> "Target":
        """From the stack's outputs. Raises NotPublished, naming what is missing."""
        if not outputs:
            raise NotPublished(
                f"{environment} was never deployed, it has no outputs: `pulumi up --stack {environment}`"
            )
        if not outputs.get("releases_bucket"):
            raise NotPublished(
                f"{environment} has no download host (the output releases_bucket is missing): "
                f"write opencode:downloads into Pulumi.{environment}.yaml and deploy it"
            )
        config = outputs.get("client_config") or {}
        needed = {
            "api_url": outputs.get("api_url"),
            "downloads_url": outputs.get("downloads_url"),
            "client_config.region": config.get("region"),
            "client_config.release_keys": config.get("release_keys"),
        }
        if missing := [name for name, value in needed.items() if not value]:
            raise NotPublished(
                f"{environment} was deployed by another version of this program: its outputs lack {', '.join(missing)}"
            )
        return cls(
            environment=environment,
            region=config["region"],
            bucket=outputs["releases_bucket"],
            signing_key_arn=outputs.get("release_signing_key_arn") or None,
            release_keys=tuple(config["release_keys"]),
            downloads_url=outputs["downloads_url"],
            gateway_url=outputs["api_url"],
        )


def deployed(environment: str) -> Target:
    """What `pulumi stack output` says of the environment's stack. Raises NotPublished."""
    command = ["pulumi", "stack", "output", "--json", "--stack", environment]
    try:
        asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  no shell
    except FileNotFoundError as error:
        raise NotPublished("pulumi is not on PATH: it says where the environment's releases go") from error
    if asked.returncode:
        said = " ".join(asked.stderr.strip().splitlines()[-LAST_LINES:])
        raise NotPublished(f"pulumi does not know what {environment} has: {said}")
    return Target.of(environment, json.loads(asked.stdout))
