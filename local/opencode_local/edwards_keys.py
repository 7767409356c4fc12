"""Ed25519 keys for the embedded KMS, which has none: made, asked for their public half, signing and verifying.

Sources: AWS KMS API reference, CreateKey, Sign, Verify and GetPublicKey; AWS KMS developer guide, "Key spec reference":
ECC_NIST_EDWARDS25519 signs by ED25519_SHA_512 with MessageType RAW, messages of 1 to 4,096 bytes (read 2026-11-21).
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from moto.kms import models, utils
from moto.kms.exceptions import ValidationException
from moto.kms.responses import KmsResponse
from moto.kms.utils import AbstractPrivateKey, KeySpec

SPEC = "ECC_NIST_EDWARDS25519"
ALGORITHM = "ED25519_SHA_512"
MESSAGE_BYTES = 4096


class EdwardsKey(AbstractPrivateKey):
    """As the embedded KMS keeps the keys of every spec."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def sign(self, message: bytes, _signing_algorithm: str) -> bytes:
        return self._key.sign(message)

    def verify(self, message: bytes, signature: bytes, _signing_algorithm: str) -> bool:
        try:
            self._key.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def install() -> None:
    """Once for the process: the embedded KMS is one, too."""
    known, made = KeySpec.key_specs(), utils.generate_private_key
    algorithms = models.Key.signing_algorithms.fget  # type: ignore[attr-defined]

    def private_key(spec: str) -> AbstractPrivateKey:
        return EdwardsKey() if spec == SPEC else made(spec)

    def signing_algorithms(key: models.Key) -> list[str]:
        return [ALGORITHM] if key.key_spec == SPEC else algorithms(key)

    KeySpec.key_specs = classmethod(lambda _: sorted([*known, SPEC]))  # type: ignore[assignment, method-assign]
    vars(models)["generate_private_key"] = private_key
    models.Key.signing_algorithms = property(signing_algorithms)  # type: ignore[assignment, method-assign]
    KmsResponse.sign = checked(KmsResponse.sign)  # type: ignore[assignment, method-assign]
    KmsResponse.verify = checked(KmsResponse.verify)  # type: ignore[assignment, method-assign]


def checked(operation: Callable[[KmsResponse], Any]) -> Callable[[KmsResponse], Any]:
    """Refuses what the embedded KMS would take and KMS does not."""

    @wraps(operation)
    def asked(response: KmsResponse) -> Any:
        message, kind = response._get_param("Message"), response._get_param("MessageType") or "RAW"
        if len(message) > MESSAGE_BYTES:
            raise ValidationException(
                "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have "
                f"length less than or equal to {MESSAGE_BYTES}"
            )
        if response._get_param("SigningAlgorithm") == ALGORITHM and kind != "RAW":
            raise ValidationException(f"{ALGORITHM} requires MessageType RAW, not {kind}.")
        return operation(response)

    return asked
