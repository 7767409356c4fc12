"""What the templates are given: `page.html` a `Page` as `page`, `message.html` a `Message` as `message`.

Every value is plain text of unknown origin; the templates escape it. Nothing here needs a function of Python: dates
and sizes come as they are shown.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class InstallLine:
    """What a person copies."""

    key: str
    """`macos`, `linux`, `windows`, `uv` or `pipx`."""
    label: str
    """As people say it: `macOS`."""
    shell: str
    """`sh` or `powershell`."""
    command: str
    """A line, or several."""
    then: str
    """A second command where the first leaves the client without a gateway, else empty."""


@dataclass(frozen=True, kw_only=True)
class PastRelease:
    version: str
    published: str
    """ISO 8601, for `<time datetime>`."""
    date: str
    """`21 November 2026`."""
    message: str
    """May be empty."""


@dataclass(frozen=True, kw_only=True)
class Release:
    version: str
    published: str
    date: str
    message: str
    is_critical: bool
    minimum: str
    """The oldest version that the gateway still answers, or empty."""
    history: tuple[PastRelease, ...]
    """Newest first, this one first."""


@dataclass(frozen=True, kw_only=True)
class File:
    """One artifact."""

    name: str
    kind: str
    """`wheel` or `executable`."""
    platform: str
    """`linux-x86_64`, ... or `any`."""
    label: str
    """`Linux, x86-64`."""
    size: str
    """`12.4 MB`."""
    sha256: str
    path: str
    """`/download/<name>`."""


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    id: str
    name: str
    context: str
    """Tokens: `200K`, or empty where it is not known, as everything below."""
    output: str
    accepts_images: bool
    uses_tools: bool
    input_price: str
    """USD per million tokens: `$3.00`."""
    cached_price: str
    """Of input that is read from the prompt cache."""
    output_price: str


@dataclass(frozen=True, kw_only=True)
class Page:
    person: str
    """`Ada Lovelace`, or `there`."""
    gateway_url: str
    """`https://ai.example.com`."""
    gateway_host: str
    downloads_url: str
    lines: tuple[InstallLine, ...]
    """Empty when nothing is published yet, or nothing that the line could install."""
    code_ends: str
    """When the lines stop working: `14:35 UTC`; empty without lines."""
    code_ends_at: str
    """The same in ISO 8601."""
    release: Release | None
    """None when nothing is published yet."""
    files: tuple[File, ...]
    models: tuple[ModelRow, ...]
    """Empty when the gateway could not be asked."""
    first_model: str
    """The id that tools begin with, or empty."""
    help_url: str
    """May be empty."""
    key_fingerprints: tuple[str, ...]
    """Of the keys that sign releases: the first 16 hex digits of the SHA-256 of each, as in the manifest's keyid."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What people see instead of the page."""

    status: int
    title: str
    text: str
    reference: str
    """What to tell the operators, or empty."""
