"""What a program's archives and assets hold: files, texts, folders, zip and tar files, and archives in archives.

They come as pulumi's own objects from a program in process, and as signed objects over the engine's protocol; both
name paths relative to where the program runs. Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/
resource/archive and .../asset (read 2026-11-21).
"""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import pulumi

TAR_ENDINGS = (".tar", ".tgz", ".tar.gz")
ZIP_ENDINGS = (".zip", ".jar")
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""A zip file's earliest: equal files give equal bytes."""
EXECUTABLE, PLAIN = 0o755, 0o644
Found = TypeVar("Found")


class UnreadableArchive(Exception):
    """An archive or asset whose content is not on this machine, or that names an unsafe path."""


@dataclass(frozen=True)
class File:
    """One file of an archive."""

    content: bytes
    is_executable: bool = False


Files = dict[str, File]
"""By path within the archive, with slashes."""


def files(archive: Any) -> Files:
    """Everything in it. Raises UnreadableArchive."""
    return {_safe(path): file for path, file in _entries(archive)}


def zipped(archive: Any) -> bytes:
    """As it is uploaded: a zip file as it stands, anything else packed into one."""
    path = _path(archive)
    if path is not None and path.name.endswith(ZIP_ENDINGS):
        files(archive)
        return path.read_bytes()
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, file in sorted(files(archive).items()):
            entry = zipfile.ZipInfo(name, FIRST_DAY)
            entry.external_attr = (EXECUTABLE if file.is_executable else PLAIN) << 16
            packed.writestr(entry, file.content)
    return written.getvalue()


def unpack(found: Files, folder: Path) -> None:
    """Writes the files below a folder."""
    for name, file in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        path.chmod(EXECUTABLE if file.is_executable else PLAIN)


def content(asset: Any) -> bytes:
    """Of a single file or text. Raises UnreadableArchive."""
    text = asset.get("text") if isinstance(asset, Mapping) else getattr(asset, "text", None)
    if text is not None:
        return str(text).encode()
    path = _path(asset)
    if path is None:
        raise UnreadableArchive(f"{asset!r} is not on this machine")
    return _read(path, Path.read_bytes)


def _entries(archive: Any) -> Iterator[tuple[str, File]]:
    assets = archive.get("assets") if isinstance(archive, Mapping) else getattr(archive, "assets", None)
    path = _path(archive)
    if assets is not None:
        for name, part in assets.items():
            yield from _below(name, part)
    elif path is None:
        raise UnreadableArchive(f"{archive!r} is not on this machine")
    elif path.is_dir():
        yield from _of_folder(path)
    else:
        yield from _read(path, _of_tar if path.name.endswith(TAR_ENDINGS) else _of_zip)


def _below(name: str, part: Any) -> Iterator[tuple[str, File]]:
    """An asset is one file of that name; an archive is a folder of that name."""
    if is_archive(part):
        for inner, file in _entries(part):
            yield str(PurePosixPath(name) / inner), file
    else:
        path = _path(part)
        yield name, File(content(part), path is not None and _is_executable(path))


def is_archive(part: Any) -> bool:
    if isinstance(part, Mapping):
        return "assets" in part or ("path" in part and _looks_packed(Path(part["path"])))
    return isinstance(part, pulumi.Archive)


def _looks_packed(path: Path) -> bool:
    return path.is_dir() or path.name.endswith(ZIP_ENDINGS + TAR_ENDINGS)


def _path(part: Any) -> Path | None:
    named = part.get("path") if isinstance(part, Mapping) else getattr(part, "path", None)
    return None if named is None else Path(named)


def _of_folder(folder: Path) -> Iterator[tuple[str, File]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), File(path.read_bytes(), _is_executable(path))


def _of_zip(path: Path) -> list[tuple[str, File]]:
    with zipfile.ZipFile(path) as packed:
        return [
            (entry.filename, File(packed.read(entry), bool(entry.external_attr >> 16 & stat.S_IXUSR)))
            for entry in packed.infolist()
            if not entry.is_dir()
        ]


def _of_tar(path: Path) -> list[tuple[str, File]]:
    with tarfile.open(path) as packed:
        members = [(member, packed.extractfile(member)) for member in packed.getmembers() if member.isfile()]
        return [(m.name, File(stream.read(), bool(m.mode & stat.S_IXUSR))) for m, stream in members if stream]


def _read(path: Path, reader: Callable[[Path], Found]) -> Found:
    try:
        return reader(path)
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise UnreadableArchive(f"{path}: {error}") from error


def _is_executable(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & stat.S_IXUSR)


def _safe(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise UnreadableArchive(f"{name!r} is outside of its archive")
    return str(path)
