"""Everything the router is told from outside, read once from the environment at start."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from opencode_router.cpus import available_cpus
from opencode_router.identity.client_version import Version, version
from opencode_router.identity.safe_url import required_safe
from opencode_router.releases.bucket import bucket_name
from opencode_router.releases.public_key import required_public_key
from opencode_router.wire.client_settings import ClientConfig

MAX_PORT = 65535


class SettingError(ValueError):
    """A variable is missing or malformed; the message names it, its value and an example."""


class BedrockAuth(StrEnum):
    """How calls to Bedrock are signed."""

    BEARER = "bearer"
    """Short-lived bearer tokens, minted ahead of need."""
    SIGV4 = "sigv4"
    """Every request signed over its body."""


def words(text: str) -> tuple[str, ...]:
    """A comma-separated list, blanks dropped."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def paths(text: str) -> tuple[Path, ...]:
    return tuple(Path(word) for word in words(text))


def url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text.rstrip("/")


def positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError("must be positive")
    return number


def positive_seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError("must be positive")
    return number


def port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MAX_PORT:
        raise ValueError("must be a port number")
    return number


def process_count(text: str) -> int:
    """A number, or `auto` for one per CPU."""
    return available_cpus() if text.lower() == "auto" else positive(text)


def auth(text: str) -> BedrockAuth:
    return BedrockAuth(text.lower())


def sign_in(text: str) -> ClientConfig:
    """JSON; what goes to any of its addresses is a credential or comes back as a program, so each must be safe."""
    config = msgspec.json.decode(text, type=ClientConfig)
    for address in config.addresses:
        required_safe(address)
    for key in config.release_keys:
        required_public_key(key)
    return config


def setting(read: Callable[[str], object], example: str, *, default: object = MISSING) -> Any:
    """A field of Settings, read from the variable of its name in capitals."""
    metadata = {"read": read, "example": example}
    return field(metadata=metadata) if default is MISSING else field(metadata=metadata, default=default)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One field per environment variable: `keys_table` is KEYS_TABLE."""

    aws_region: str = setting(str, "us-east-1")
    """The region of Bedrock and of the tables."""
    oidc_issuer: str = setting(required_safe, "https://login.example.com/")
    """Issuer of the callers' JWTs, verbatim."""
    oidc_audiences: tuple[str, ...] = setting(words, "gateway-cli")
    """Accepted audiences; a token must carry one of them."""
    oidc_audience_claim: str = setting(str, "client_id", default="aud")
    """The claim that holds the audience; Cognito's access tokens say `client_id`."""
    oidc_token_uses: tuple[str, ...] = setting(words, "access,id", default=())
    """Accepted values of Cognito's claim `token_use`; empty: it is not looked at."""
    oidc_jwks_url: str | None = setting(required_safe, "https://login.example.com/jwks", default=None)
    """Given only when the issuer has no discovery document."""
    aws_endpoint_url: str | None = setting(url, "http://127.0.0.1:5000", default=None)
    """Where AWS is, if not at its public names; as AWS's own SDKs read it."""
    aws_endpoint_url_s3: str | None = setting(url, "http://127.0.0.1:9000", default=None)
    """The same for S3 alone; goes before the other."""
    keys_table: str = setting(str, "gateway-keys")
    usage_table: str = setting(str, "gateway-usage")
    usage_retention_days: int = setting(positive, "400", default=400)

    host: str = setting(str, "127.0.0.1", default="0.0.0.0")  # noqa: S104  a container's port is reached from outside
    port: int = setting(port_number, "8080", default=8080)
    metrics_port: int = setting(port_number, "9090", default=9090)
    """Of the first process; each further one has the next port."""
    processes: int = setting(process_count, "auto", default=1)
    """How many serve `port` together."""
    log_level: str = setting(str.upper, "INFO", default="INFO")

    bedrock_runtime_url: str | None = setting(url, "https://vpce-1.bedrock-runtime.example.com", default=None)
    """Where bedrock-runtime is, if not at its public name."""
    bedrock_mantle_url: str | None = setting(url, "https://vpce-1.bedrock-mantle.example.com", default=None)
    bedrock_auth: BedrockAuth = setting(auth, "sigv4", default=BedrockAuth.BEARER)
    bedrock_profiles: tuple[str, ...] = setting(words, "eu,global", default=())
    """Region prefixes of inference profiles in order of preference; empty: by the region."""
    catalogue_files: tuple[Path, ...] = setting(paths, "/etc/gateway/models.toml", default=())
    """Merged over the packaged catalogue, later over earlier."""
    catalogue_overlay: str | None = setting(str, "[models.my-model] ...", default=None)
    """TOML or JSON text merged last."""

    client_config: ClientConfig | None = setting(sign_in, '{"api_url": "https://ai.example.com", ...}', default=None)
    """What clients are told at /.well-known/opencode; None: nothing."""
    default_model: str | None = setting(str, "claude-sonnet-5-5", default=None)
    """Any name of the model that tools begin with."""
    minimum_client: Version | None = setting(version, "1.4.0", default=None)
    """Older versions of `opencode-auth` are told to update."""
    latest_client: Version | None = setting(version, "1.6.2", default=None)
    releases_bucket: str | None = setting(bucket_name, "gateway-releases-1a2b3c", default=None)
    """Where releases of `opencode-auth` are kept; None: there is nothing to update from."""

    max_body_bytes: int = setting(positive, "33554432", default=32 * 2**20)
    max_concurrent_calls: int = setting(positive, "1000", default=1000)
    """Upstream calls open at once in this process."""
    connect_timeout_s: float = setting(positive_seconds, "5", default=5.0)
    first_event_timeout_s: float = setting(positive_seconds, "300", default=300.0)
    """From the call to the first event of a stream."""
    idle_timeout_s: float = setting(positive_seconds, "300", default=300.0)
    """The longest silence within a stream."""
    answer_timeout_s: float = setting(positive_seconds, "900", default=900.0)
    """From the call to the end of an answer that is not streamed."""
    keep_alive_s: float = setting(positive_seconds, "15", default=15.0)
    """Silence after which a caller hears a keep-alive."""
    drain_s: float = setting(positive_seconds, "110", default=110.0)
    """How long open streams may go on after SIGTERM; ECS kills at most 120 s after it."""

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Reads and checks all variables. Raises SettingError naming the first that will not do."""
        values: dict[str, Any] = {}
        for option in fields(cls):
            variable, text = option.name.upper(), environ.get(option.name.upper(), "")
            if text:
                values[option.name] = read(variable, text, option.metadata)
            elif option.default is MISSING:
                raise SettingError(f"{variable} is not set; for example {variable}={option.metadata['example']}")
        settings = cls(**values)
        require_distinct_ports(settings)
        require_reachable_client(settings)
        return settings


def require_distinct_ports(settings: Settings) -> None:
    """Raises SettingError when several processes would not find each other, or would be in each other's way."""
    metrics_ports = range(settings.metrics_port, settings.metrics_port + settings.processes)
    if settings.processes > 1 and not (settings.port and settings.metrics_port and metrics_ports[-1] <= MAX_PORT):
        raise SettingError(
            f"PROCESSES={settings.processes} needs a PORT, not 0, and METRICS_PORT to METRICS_PORT + PROCESSES - 1 "
            f"between 1 and {MAX_PORT}; for example METRICS_PORT=9090"
        )
    if settings.port in metrics_ports and settings.port:
        raise SettingError(
            f"PORT={settings.port} is one of the {settings.processes} ports from METRICS_PORT={settings.metrics_port}; "
            "for example PORT=8080 METRICS_PORT=9090"
        )


def require_reachable_client(settings: Settings) -> None:
    """Raises SettingError when even the latest client would be told to update."""
    minimum, latest = settings.minimum_client, settings.latest_client
    if minimum and latest and latest < minimum:
        raise SettingError(
            f"MINIMUM_CLIENT={minimum} is newer than LATEST_CLIENT={latest}; there is nothing to update to"
        )


def read(variable: str, text: str, metadata: Mapping[str, Any]) -> object:
    try:
        return metadata["read"](text)
    except ValueError as error:
        raise SettingError(f"{variable}={text!r}: {error}; for example {variable}={metadata['example']}") from error
