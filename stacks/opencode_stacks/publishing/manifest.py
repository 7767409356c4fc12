"""What a release says of itself: the bytes that are signed."""

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from opencode_stacks.publishing.envelope import signed_bytes
from opencode_stacks.publishing.refusal import NotPublished
from opencode_stacks.publishing.signing import SIGNABLE_BYTES

NUMBERS = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})")
HISTORY_LENGTH = 10
MESSAGE_CHARACTERS = 500
WHITE_SPACE = "\n\t"


def numbers(version: str) -> tuple[int, ...]:
    """`(1, 2, 3)` of `1.2.3`. Raises ValueError for anything else."""
    if not (found := NUMBERS.fullmatch(version)):
        raise ValueError(f"{version!r} is no version of the form 1.2.3")
    return tuple(map(int, found.groups()))


def is_version(text: str) -> str:
    numbers(text)
    return text


def is_text(text: str) -> str:
    """Of what terminals show: a control character there is a command. Raises ValueError."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in WHITE_SPACE:
            raise ValueError(f"has the control character {character!r}")
    return text


Version = Annotated[str, AfterValidator(is_version)]
Message = Annotated[str, Field(max_length=MESSAGE_CHARACTERS), AfterValidator(is_text)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]
"""Standard base64 of 32 bytes."""
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Platform = Literal[
    "any", "linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-arm64", "windows-x86_64", "windows-arm64"
]


class Part(BaseModel):
    """What is not known here is refused: a publisher of another version of this program would lose it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Artifact(Part):
    """A file to install from."""

    name: FileName
    kind: Literal["wheel", "executable"]
    platform: Platform
    size: Annotated[int, Field(ge=1)]
    """Bytes."""
    sha256: Digest


class Release(Part):
    """A line of what is new."""

    version: Version
    published: Instant
    message: Message


class Manifest(Part):
    """The release that clients should have, and how they get it."""

    sequence: Annotated[int, Field(ge=1)]
    """Rises with every publication, so that nobody can go back to an older one."""
    version: Version
    published: Instant
    minimum: Version | None
    """Older clients are refused; None: none is."""
    critical: bool
    message: Message
    config_version: Annotated[int, Field(ge=0)]
    config: dict[str, Any]
    """A merge patch (RFC 7396) for the client's own settings."""
    artifacts: tuple[Artifact, ...]
    history: Annotated[tuple[Release, ...], Field(max_length=HISTORY_LENGTH)]
    """The newest first; this one first."""
    keys: tuple[PublicKey, ...]
    """Which clients trust from now on."""

    @classmethod
    def read(cls, body: bytes) -> "Manifest":
        """Raises NotPublished."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise NotPublished(
                f"the manifest that is published has a field this program cannot read: {where}"
            ) from error

    @property
    def body(self) -> bytes:
        return self.model_dump_json().encode()


def fitting(manifest: Manifest) -> Manifest:
    """With as many of the last releases as can be signed with it. Raises NotPublished when there is no room for one."""
    for kept in range(len(manifest.history), 0, -1):
        shorter = manifest.model_copy(update={"history": manifest.history[:kept]})
        if (length := len(signed_bytes(shorter.body))) <= SIGNABLE_BYTES:
            return shorter
    raise NotPublished(
        f"the manifest has {length} bytes, and KMS signs at most {SIGNABLE_BYTES}: shorten MESSAGE "
        f"({len(manifest.message.encode())} bytes, which it holds twice) or CONFIG"
    )
