"""What a person may ask of the local run: environment variables, so that `make up KEEP=1` and `KEEP=1 make up` do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opencode_local.run.variables import OptionError, choice, is_on

ROOT = Path(__file__).parents[3]
"""The repository. The program knows it, too, but takes seconds to import: a wrong option is told before."""
FILE = re.compile(r"(^|/)Pulumi\.(?P<name>[^/]+)\.yaml$")
HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One run."""

    environment: str = "local"
    """ENV: whose Pulumi.<environment>.yaml is run. `drafts/Pulumi.trial.yaml` is the environment `trial`."""
    folder: Path = ROOT
    """Where that file is."""
    uses_real_bedrock: bool = False
    """BEDROCK=aws: the models of Amazon Bedrock, with the caller's own AWS credentials."""
    uses_docker: bool = False
    """ROUTER=container: containers under Docker, from images built as declared; otherwise as processes."""
    watches: bool = False
    """WATCH=1: changed router sources are rolled out as a new deployment."""
    keeps: bool = False
    """KEEP=1: tables and people survive until the next run."""
    uses_tls: bool = False
    """TLS=1: HTTPS with a certificate of a local authority."""
    port: int | None = None
    """PORT: where the declared HTTPS listener is wanted; 8080, or 8443 with TLS=1."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Options":
        """Raises OptionError."""
        environment, folder = whose(environ)
        return cls(
            environment=environment,
            folder=folder,
            uses_real_bedrock=choice(environ, "BEDROCK", ("local", "aws")) == "aws",
            uses_docker=choice(environ, "ROUTER", ("process", "container")) == "container",
            watches=is_on(environ, "WATCH"),
            keeps=is_on(environ, "KEEP"),
            uses_tls=is_on(environ, "TLS"),
            port=port(environ),
        )


def whose(environ: Mapping[str, str]) -> tuple[str, Path]:
    """Name and folder of the environment."""
    given = environ.get("ENV") or "local"
    if not (found := FILE.search(given)):
        return given, ROOT
    return found["name"], Path(given).parent


def port(environ: Mapping[str, str]) -> int | None:
    given = environ.get("PORT")
    if not given:
        return None
    if not given.isdecimal() or not 1 <= int(given) <= HIGHEST_PORT:
        raise OptionError(f"PORT={given!r} is no port; use 1 to {HIGHEST_PORT}, for example PORT=8080")
    return int(given)
