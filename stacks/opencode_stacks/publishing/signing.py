"""Who signs a release: a KMS key that nobody can copy, or a key from a file.

Source: AWS KMS API reference, Sign and CreateKey: of an ECC_NIST_EDWARDS25519 key, ED25519_SHA_512 takes messages of at
most 4,096 bytes with MessageType RAW (read 2026-11-21).
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from opencode_stacks.publishing.refusal import NotPublished

ALGORITHM = "ED25519_SHA_512"
SIGNABLE_BYTES = 4096
"""KMS signs no longer message of this kind; keys from files keep to it, so that either can replace the other."""
RAW_KEY_BYTES = 32
"""At the end of the public key's DER form. Source: RFC 8410, 4."""
Clients = Callable[[str], Any]
"""The boto3 client of a service, in the region of the stack."""


class Signer(Protocol):
    """One Ed25519 key."""

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes."""
        ...

    def sign(self, message: bytes) -> bytes: ...


class KmsSigner:
    """Signs by asking KMS, which does not give the private key away."""

    def __init__(self, kms: Any, arn: str) -> None:
        """Raises NotPublished for a key of another kind, ClientError when it is not there."""
        self._kms, self._arn = kms, arn
        found = kms.get_public_key(KeyId=arn)
        if ALGORITHM not in found["SigningAlgorithms"]:
            raise NotPublished(f"the KMS key {arn} cannot sign by {ALGORITHM}: its key spec is {found.get('KeySpec')}")
        self.public_key = bytes(found["PublicKey"][-RAW_KEY_BYTES:])

    def sign(self, message: bytes) -> bytes:
        answer = self._kms.sign(KeyId=self._arn, Message=message, MessageType="RAW", SigningAlgorithm=ALGORITHM)
        return bytes(answer["Signature"])


class FileSigner:
    """A private key in PEM form, as `openssl genpkey -algorithm ed25519` writes it."""

    def __init__(self, file: Path) -> None:
        """Raises NotPublished."""
        self._key = private_key(file)
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def private_key(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise NotPublished(f"SIGNING_KEY: cannot read {file}: {error.strerror}") from error
    except TypeError as error:
        raise NotPublished(f"SIGNING_KEY: {file} is encrypted; write it without a passphrase, or use KMS") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NotPublished(f"SIGNING_KEY: {file} is no private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotPublished(f"SIGNING_KEY: {file} is no Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
    return key


def signers(named: Sequence[str], clients: Clients) -> list[Signer]:
    """In the order of `named`, each the ARN of a KMS key or the path of a file. Raises NotPublished."""
    if not named:
        raise NotPublished("the stack has no signing key of its own: name one, SIGNING_KEY=key.pem")
    return [KmsSigner(clients("kms"), one) if one.startswith("arn:") else FileSigner(Path(one)) for one in named]


def refuse_unknown(signing: Sequence[Signer], release_keys: Sequence[str]) -> None:
    """Raises NotPublished when none of the keys is one that the download host and clients trust."""
    ours = [b64encode(signer.public_key).decode() for signer in signing]
    if not set(ours) & set(release_keys):
        raise NotPublished(
            f"nobody would trust this release: the signing key {', '.join(ours)} is not in release_keys "
            f"({', '.join(release_keys) or 'which is empty'})"
        )
