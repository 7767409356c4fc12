"""Arguments checked as soon as their values are known, and the shapes of the addresses among them."""

import ipaddress
import re
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from pulumi import Input, Output

from opencode_components.refusals import refusal

Check = Callable[[str, str], None]
"""Takes an argument's key and value; raises ValueError with key, value, reason and fix."""
SECRET_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}", re.ASCII)
"""Service Authorization Reference, "Resource types defined by AWS Secrets Manager" (read 2026-11-21)."""


def verified(key: str, value: Input[str], check: Check) -> Output[str]:
    """`value` once it has passed `check`.

    A plain value is checked at once, one that comes from another resource when that resource exists.
    """

    def passed(known: str) -> str:
        check(key, known)
        return known

    if isinstance(value, str):
        passed(value)
    given: Output[str] = Output.from_input(value)
    return given.apply(passed)


def verified_if_given(key: str, value: Input[str] | None, check: Check) -> Output[str | None]:
    return Output.from_input(None) if value is None else verified(key, value, check)


LOOPBACK = ("127.0.0.1", "localhost")
"""An identity provider on the machine that also runs the gateway: nothing travels."""


def https_url(key: str, value: str) -> None:
    parts = urlsplit(value)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.fragment or re.search(r"\s", value):
        raise refusal(
            key,
            value,
            reason="is not an https URL without a fragment, and what goes there may only travel encrypted",
            fix="give it like https://login.example.com/path",
        )


def issuer_url(key: str, value: str) -> None:
    """OpenID Connect Discovery 1.0, section 3: an issuer has neither query nor fragment."""
    https_url(key, value)
    if urlsplit(value).query:
        raise refusal(
            key, value, reason="has a query, which no issuer has", fix="copy `issuer` from the discovery document"
        )


def secret_arn(key: str, value: str) -> None:
    if not SECRET_ARN.fullmatch(value):
        raise refusal(
            key,
            value,
            reason="is not the ARN of a Secrets Manager secret",
            fix="give it like arn:aws:secretsmanager:eu-west-1:123456789012:secret:gateway-a1b2c3",
        )


def filled(key: str, value: str) -> None:
    if not value.strip():
        raise refusal(key, value, reason="is empty", fix="give the value that the identity provider shows for it")


def one_of(key: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise refusal(key, value, reason="is no word that AWS knows here", fix=f"use one of {', '.join(choices)}")


def is_loopback(host: str) -> bool:
    """Whether `host`, as it stands in a URL, means the caller's own machine."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
