"""What a person asks of a publication: environment variables, so that text is data and never a command."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from opencode_stacks.environment import ROOT
from opencode_stacks.publishing.manifest import Message, Version
from opencode_stacks.publishing.refusal import NotPublished

NO_MINIMUM = "none"


def is_https(text: str) -> str:
    if urlsplit(text).scheme != "https" or not urlsplit(text).hostname:
        raise ValueError(f"{text!r} is no https:// address")
    return text


def signs_in(scopes: list[str]) -> list[str]:
    if "openid" not in scopes:
        raise ValueError("they lack openid, without which nobody could sign in")
    return scopes


Port = Annotated[int, Field(ge=1024, le=65535)]
Scope = Annotated[str, Field(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")]
"""Source: RFC 6749, 3.3."""


@with_config(ConfigDict(extra="forbid", strict=True))
class Settings(TypedDict, total=False):
    """What a release may change in the client's settings; null takes a key away. Nothing that runs is among it."""

    scopes: Annotated[list[Scope], AfterValidator(signs_in)] | None
    callback_ports: list[Port] | None
    downloads_url: Annotated[str, AfterValidator(is_https)] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Of one publication. Raises NotPublished, naming the variable, where one cannot be read."""

    minimum: str | None = None
    """MINIMUM: what older clients are refused for; "none" takes it away. None: as it was."""
    is_critical: bool = False
    """CRITICAL=1"""
    message: str = ""
    """MESSAGE: what is new."""
    config: Mapping[str, Any] | None = None
    """CONFIG: a file with settings for clients. None: as they were."""
    executables: Path | None = None
    """EXECUTABLES: a folder of those built elsewhere, of the wheel, too. None: this platform's is built."""
    has_executables: bool = True
    """WHEEL_ONLY=1: none at all."""
    signing_keys: tuple[str, ...] = ()
    """SIGNING_KEY: files or ARNs of KMS keys, separated by commas. Empty: the stack's own."""
    keep_versions: int = 5
    """KEEP_VERSIONS"""
    source: Path = ROOT / "client"
    """SOURCE: the client's project."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Wishes":
        """Unset and empty variables are the same. Raises NotPublished."""
        given = {name: environ[name] for name in READERS if environ.get(name)}
        fields: dict[str, Any] = dict(READERS[name](name, text) for name, text in given.items())
        return cls(**fields)


def checked(variable: str, kind: Any, value: object) -> Any:
    """Raises NotPublished."""
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join([variable, *map(str, first["loc"])])
        raise NotPublished(f"{where}: {first['msg'].removeprefix('Value error, ')}") from error


def switch(variable: str, text: str) -> bool:
    if text not in {"0", "1"}:
        raise NotPublished(f"{variable}={text!r} is not known; use 1 or 0")
    return text == "1"


def minimum(variable: str, text: str) -> str:
    return text if text == NO_MINIMUM else str(checked(variable, Version, text))


def count(variable: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise NotPublished(f"{variable}={text!r} is no number of versions; use 1 or more")
    return int(text)


def settings(variable: str, text: str) -> Mapping[str, Any]:
    """Read of a file. Raises NotPublished."""
    try:
        found = json.loads(Path(text).read_bytes())
    except OSError as error:
        raise NotPublished(f"{variable}: cannot read {text}: {error.strerror}") from error
    except ValueError as error:
        raise NotPublished(f"{variable}: {text} is no JSON: {error}") from error
    unknown = sorted(set(found) - set(Settings.__annotations__)) if isinstance(found, dict) else ()
    if unknown:
        allowed = ", ".join(Settings.__annotations__)
        raise NotPublished(f"{variable}: {', '.join(unknown)} cannot be set by a release; only {allowed} can")
    return dict(checked(variable, Settings, found))


def folder(variable: str, text: str) -> Path:
    if not Path(text).is_dir():
        raise NotPublished(f"{variable}: there is no folder {text}")
    return Path(text)


READERS: Mapping[str, Callable[[str, str], tuple[str, object]]] = {
    "MINIMUM": lambda name, text: ("minimum", minimum(name, text)),
    "CRITICAL": lambda name, text: ("is_critical", switch(name, text)),
    "MESSAGE": lambda name, text: ("message", checked(name, Message, text)),
    "CONFIG": lambda name, text: ("config", settings(name, text)),
    "EXECUTABLES": lambda name, text: ("executables", folder(name, text)),
    "WHEEL_ONLY": lambda name, text: ("has_executables", not switch(name, text)),
    "SIGNING_KEY": lambda _, text: ("signing_keys", tuple(one.strip() for one in text.split(",") if one.strip())),
    "KEEP_VERSIONS": lambda name, text: ("keep_versions", count(name, text)),
    "SOURCE": lambda name, text: ("source", folder(name, text)),
}
"""Field and value of what a variable holds."""
