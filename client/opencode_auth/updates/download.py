"""A release's file, from an address that works for some minutes to a private file that is what the manifest says."""

import hashlib
import hmac
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from opencode_auth import output, web
from opencode_auth.errors import Unreachable
from opencode_auth.files import FILE_MODE, writable
from opencode_auth.updates.envelope import Untrusted
from opencode_auth.updates.manifest import Artifact

SILENCE_S = 30.0
"""How long the server may say nothing."""
WHOLE_S = 1800.0
CHUNK_BYTES = 256 * 1024

Progress = Callable[[int], None]
"""Told how many bytes are here."""


def fetched(url: str, artifact: Artifact, folder: Path) -> Path:
    """The file, in a folder of ours, under its own name; checked before anything can run it.

    No credential goes there, and no redirect is followed. Raises Untrusted for other bytes than the manifest's,
    Unreachable, Misused for an address that is not safe.
    """
    file = folder / artifact.name
    request = web.Request(url=url, headers={"Accept": "*/*"}, timeout_s=SILENCE_S)
    with web.exchange(request) as response:
        host = urlsplit(url).netloc
        if response.status != 200:
            raise Unreachable(f"{host} answered {response.status} instead of {artifact.name}")
        digest = received(chunks_of(response, host), file, artifact, progress(artifact))
    if not hmac.compare_digest(digest, artifact.sha256):
        file.unlink(missing_ok=True)
        raise Untrusted(f"{artifact.name} from {host} is not what was released (SHA-256 {digest})")
    return file


def received(chunks: Iterable[bytes], file: Path, artifact: Artifact, told: Progress) -> str:
    """The SHA-256 of what came, which is on the disk and of the manifest's size.

    Raises Untrusted for more, Unreachable for less, Misused for a folder that cannot be written.
    """
    digest, count = hashlib.sha256(), 0
    with writable(file), file.open("xb") as stream:
        file.chmod(FILE_MODE)
        for chunk in chunks:
            count += len(chunk)
            if count > artifact.size_bytes:
                break
            digest.update(chunk)
            stream.write(chunk)
            told(count)
        stream.flush()
        os.fsync(stream.fileno())
    if count > artifact.size_bytes:
        raise Untrusted(f"{artifact.name} has more than the {artifact.size_bytes} bytes that were released")
    if count < artifact.size_bytes:
        raise Unreachable(f"{artifact.name} ended after {count} of {artifact.size_bytes} bytes", hint="try again")
    return digest.hexdigest()


def chunks_of(response: HTTPResponse, host: str) -> Iterator[bytes]:
    """A network that fails is told apart from a disk that does: raises Unreachable, also after WHOLE_S."""
    until_s = time.monotonic() + WHOLE_S
    try:
        while chunk := response.read1(CHUNK_BYTES):
            yield chunk
            if time.monotonic() > until_s:
                raise TimeoutError
    except (OSError, HTTPException) as error:
        raise web.unreachable(host, error) from error


def progress(artifact: Artifact) -> Progress:
    """A line that counts in a terminal; one line elsewhere."""
    megabytes = f"{artifact.size_bytes / 1e6:.1f} MB"
    if not sys.stderr.isatty():
        output.say(f"downloading {artifact.name} ({megabytes})")
        return lambda _count: None

    def told(count: int) -> None:
        end = "\n" if count == artifact.size_bytes else ""
        percent = 100 * count // max(1, artifact.size_bytes)
        sys.stderr.write(f"\rdownloading {artifact.name} ({megabytes}) {percent:3d} %{end}")
        sys.stderr.flush()

    return told
