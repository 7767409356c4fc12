"""Conditions of a load balancer's listener rules, matched as an Application Load Balancer matches them.

Sources, read 2026-11-21:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HttpHeaderConditionConfig.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

Action = Mapping[str, Any]
MAX_VALUES_PER_RULE = 5


def refused(_action: Action) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request as it arrives at the load balancer."""

    host: str
    path: str = "/"
    """As sent: percent-encoded, dots and slashes untouched; the load balancer compares it so."""
    method: str = "GET"
    headers: Sequence[tuple[str, str]] = ()
    """In order, duplicates included."""
    query: Sequence[tuple[str, str]] = ()
    """Keys and values as sent, nothing decoded."""
    source_ip: str = "203.0.113.10"
    port: int = 443
    protocol: str = ""
    """Of the listener, `HTTP` or `HTTPS`; empty: HTTPS on port 443, else HTTP."""
    is_valid_token: Callable[[Action], bool] = refused
    """Whether the bearer token passes a `jwt-validation` action, given the action."""
    has_session: Callable[[Action], bool] = refused
    """Whether there is a session cookie for an `authenticate-oidc` or `authenticate-cognito` action."""


def satisfies(condition: Mapping[str, Any], request: Request) -> bool:
    """Whether the request meets every part of one condition block.

    Raises ValueError for a kind of condition that it does not know.
    """
    unknown = condition.keys() - MATCHERS.keys()
    if unknown:
        raise ValueError(f"unknown kind of condition {sorted(unknown)}; known are {sorted(MATCHERS)}")
    return all(MATCHERS[kind](part, request) for kind, part in condition.items())


def values(part: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = part.get("values") or ()
    return found


def any_matches(part: Mapping[str, Any], texts: Sequence[str], flags: int = 0) -> bool:
    """Whether a pattern with wildcards is all of one of the texts, or a regular expression is found in it."""
    patterns = [wildcard(value, flags) for value in values(part)]
    expressions = [re.compile(value, flags) for value in part.get("regexValues") or ()]
    return any(pattern.fullmatch(text) for pattern in patterns for text in texts) or any(
        expression.search(text) for expression in expressions for text in texts
    )


def host(part: Mapping[str, Any], request: Request) -> bool:
    """Host names are compared without case, and without the port."""
    return any_matches(part, [re.sub(r":\d+$", "", request.host)], re.IGNORECASE)


def path(part: Mapping[str, Any], request: Request) -> bool:
    """Paths are compared with case, without the query string."""
    return any_matches(part, [request.path])


def header(part: Mapping[str, Any], request: Request) -> bool:
    """Names are exact but for case; values ignore case. One of several headers of the name is enough.

    White space around a value is no part of it: RFC 9110, section 5.5.
    """
    name = part["httpHeaderName"].lower()
    sent = [value.strip(" \t") for sent_name, value in request.headers if sent_name.lower() == name]
    return any_matches(part, sent, re.IGNORECASE)


def method(part: Mapping[str, Any], request: Request) -> bool:
    """Exact, with case, without wildcards."""
    return request.method in values(part)


def query(part: Sequence[Mapping[str, str]], request: Request) -> bool:
    """Pairs, or values under any key; without case."""
    return any(
        wildcard(wanted.get("key") or "*", re.IGNORECASE).fullmatch(key)
        and wildcard(wanted["value"], re.IGNORECASE).fullmatch(value)
        for wanted in part
        for key, value in request.query
    )


def source(part: Mapping[str, Any], request: Request) -> bool:
    """The address of the connection; `X-Forwarded-For` does not count."""
    address = ip_address(request.source_ip)
    return any(address in ip_network(cidr) for cidr in values(part))


MATCHERS: Mapping[str, Callable[[Any, Request], bool]] = {
    "hostHeader": host,
    "httpHeader": header,
    "httpRequestMethod": method,
    "pathPattern": path,
    "queryStrings": query,
    "sourceIp": source,
}


@lru_cache(maxsize=1024)
def wildcard(pattern: str, flags: int = 0) -> re.Pattern[str]:
    r"""`*` is any number of characters, `?` exactly one; `\*` and `\?` are themselves."""
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    special = {"*": ".*", "?": "."}
    return re.compile("".join(special.get(part) or re.escape(part[-1]) for part in parts), flags | re.DOTALL)


def value_count(conditions: Sequence[Mapping[str, Any]]) -> int:
    """How many comparisons a rule makes; AWS allows five."""
    parts = [part for condition in conditions for part in condition.values()]
    return sum(len(part) if isinstance(part, list) else compared(part) for part in parts)


def compared(part: Mapping[str, Any]) -> int:
    return len(values(part)) + len(part.get("regexValues") or ())
