"""A `Page` of what is known: the person, the release, the link and the models."""

from collections.abc import Iterator
from datetime import UTC, datetime

from serve_downloads.envelope import key_id
from serve_downloads.links import Link
from serve_downloads.manifest import Artifact, Manifest
from serve_downloads.models import Offered
from serve_downloads.page import File, InstallLine, Page, PastRelease, Release
from serve_downloads.settings import PageSettings
from served_site.signed_in import Person

PLATFORMS = {
    "any": "Any system with Python 3.11 or later",
    "linux-x86_64": "Linux, x86-64",
    "linux-aarch64": "Linux, ARM64",
    "macos-x86_64": "macOS, Intel",
    "macos-arm64": "macOS, Apple silicon",
    "windows-x86_64": "Windows, x86-64",
    "windows-arm64": "Windows, ARM64",
}
POSIX = "curl -fsSL {base} | sh"
SCRIPTS = (
    ("macos", "macOS", "sh", POSIX),
    ("linux", "Linux", "sh", POSIX),
    ("windows", "Windows", "powershell", "irm {base}.ps1 | iex"),
)
ADDRESS = '"opencode-auth @ {base}/{wheel}#sha256={sha256}"'
PACKAGE_TOOLS = (
    ("uv", "uv", "sh", f"uvx pip download --quiet --no-deps {ADDRESS}\nuv tool install ./{{wheel}}"),
    ("pipx", "pipx", "sh", f"pipx install {ADDRESS}"),
)
"""By pip, which compares the SHA-256 of an address: `uv tool install` does not (tried with uv 0.13.9, 2026-11-21)."""


def page(
    settings: PageSettings, person: Person, manifest: Manifest | None, link: Link | None, *, offered: Offered
) -> Page:
    ends = datetime.fromtimestamp(link.ends_s, UTC) if link else None
    gateway_url = settings.public.gateway_url
    return Page(
        person=person.name,
        gateway_url=gateway_url,
        gateway_host=gateway_url.partition("://")[2],
        downloads_url=settings.public.downloads_url,
        lines=tuple(install_lines(settings, manifest, link)) if manifest and link else (),
        code_ends=f"{ends:%H:%M} UTC" if ends else "",
        code_ends_at=timestamp(ends) if ends else "",
        release=release(manifest) if manifest else None,
        files=tuple(map(file, manifest.artifacts.values())) if manifest else (),
        models=offered.models,
        first_model=offered.first_model,
        help_url=settings.help_url,
        key_fingerprints=tuple(map(key_id, settings.public.release_keys)),
    )


def install_lines(settings: PageSettings, manifest: Manifest, link: Link) -> Iterator[InstallLine]:
    """Those that this release can serve: scripts need the system's executable or the wheel, the others the wheel."""
    base = f"{settings.public.downloads_url}/i/{link.code}"
    wheel = manifest.wheel
    systems = {artifact.platform.partition("-")[0] for artifact in manifest.artifacts.values()}
    for key, label, shell, command in SCRIPTS:
        if wheel or key in systems:
            yield InstallLine(key=key, label=label, shell=shell, command=command.format(base=base), then="")
    if wheel:
        then = f"opencode-auth setup {settings.public.gateway_url}"
        for key, label, shell, command in PACKAGE_TOOLS:
            filled = command.format(base=base, wheel=wheel.name, sha256=wheel.sha256)
            yield InstallLine(key=key, label=label, shell=shell, command=filled, then=then)


def release(manifest: Manifest) -> Release:
    return Release(
        version=manifest.version,
        published=timestamp(manifest.published),
        date=date(manifest.published),
        message=manifest.message,
        is_critical=manifest.is_critical,
        minimum=manifest.minimum or "",
        history=tuple(
            PastRelease(
                version=past.version,
                published=timestamp(past.published),
                date=date(past.published),
                message=past.message,
            )
            for past in manifest.history
        ),
    )


def file(artifact: Artifact) -> File:
    return File(
        name=artifact.name,
        kind=artifact.kind,
        platform=artifact.platform,
        label=PLATFORMS.get(artifact.platform, artifact.platform),
        size=size(artifact.size_bytes),
        sha256=artifact.sha256,
        path=f"/download/{artifact.name}",
    )


def size(count_bytes: int) -> str:
    """`640 bytes`, `52.1 kB`, `12.4 MB`."""
    if count_bytes < 1000:
        return f"{count_bytes} bytes"
    return f"{count_bytes / 1e3:.1f} kB" if count_bytes < 1e6 else f"{count_bytes / 1e6:.1f} MB"


def date(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def timestamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
