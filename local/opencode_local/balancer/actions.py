"""The actions of a rule, run in order until one of them answers.

Source: Application Load Balancer user guide, "Action types for listener rules" (read 2026-11-21).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from opencode_components.testing.listener_conditions import Action, Request
from opencode_components.testing.listener_rules import is_authentication, weights
from opencode_local.addresses import Addresses
from opencode_local.balancer import answers, functions
from opencode_local.balancer.authentication import Authentication, Passed
from opencode_local.balancer.exchange import Exchange
from opencode_local.balancer.proxy import Proxy
from opencode_local.balancer.registrations import Target
from opencode_local.balancer.request_headers import Arrival, Pairs, forwarded
from opencode_local.balancer.stickiness import Stickiness
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.balancer.tempo import Tempo


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, in the three ways in which it is looked at."""

    request: web.Request
    sent: Pairs
    """The client's headers, as far as the load balancer lets them in."""
    as_matched: Request
    """What rules compare."""
    arrival: Arrival


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What the listeners of a load balancer share."""

    balancer: Mapping[str, Any]
    """Its declaration."""
    groups: Mapping[str, TargetGroup]
    """By ARN."""
    addresses: Addresses
    authentication: Authentication
    proxy: Proxy
    stickiness: Stickiness
    idle_timeout_s: float
    tempo: Tempo

    @property
    def balancer_arn(self) -> str:
        return str(self.balancer["arn"])


async def run(actions: Sequence[Action], asked: Asked, equipment: Equipment) -> web.StreamResponse:
    """The answer. Raises ValueError for actions none of which gives any."""
    passed = Passed()
    for action in actions:
        if not is_authentication(action):
            return await concluded(action, asked, passed, equipment)
        outcome = await equipment.authentication.authenticate(
            action, asked.request, balancer_arn=equipment.balancer_arn
        )
        if not isinstance(outcome, Passed):
            return outcome
        passed = Passed(
            headers={**passed.headers, **outcome.headers}, set_cookies=[*passed.set_cookies, *outcome.set_cookies]
        )
    raise ValueError(f"none of the actions answers: {[action['type'] for action in actions]}")


async def concluded(action: Action, asked: Asked, passed: Passed, equipment: Equipment) -> web.StreamResponse:
    """Raises ValueError for a type of action that is unknown."""
    match action["type"]:
        case "forward":
            return await forward(action, asked, passed, equipment)
        case "fixed-response":
            return with_cookies(answers.fixed_response(action), passed)
        case "redirect":
            return with_cookies(answers.redirect(action, asked.as_matched, equipment.addresses), passed)
        case unknown:
            raise ValueError(f"unknown action type {unknown!r}")


def with_cookies(answer: web.Response, passed: Passed) -> web.Response:
    for cookie in passed.set_cookies:
        answer.headers.add("Set-Cookie", cookie)
    return answer


async def forward(action: Action, asked: Asked, passed: Passed, equipment: Equipment) -> web.StreamResponse:
    stickiness, cookies = equipment.stickiness, asked.request.cookies
    settings = action.get("forward") or {}
    group = weighed(weights(action), stickiness.group_arn(settings, cookies), equipment)
    if group is None:
        return answers.error(503)
    is_encrypted = asked.arrival.protocol == "HTTPS"

    def cookies_of(target: Target, answer: CIMultiDict[str]) -> Sequence[str]:
        return [
            *stickiness.target_cookies(group, target.id, answer, is_encrypted=is_encrypted),
            *stickiness.group_cookies(settings, group.arn, is_encrypted=is_encrypted),
        ]

    exchange = Exchange(
        request=asked.request,
        headers=forwarded(asked.sent, asked.arrival, equipment.balancer, passed.headers),
        set_cookies=passed.set_cookies,
        preferred=stickiness.target_id(group, cookies),
        cookies_of=cookies_of,
    )
    if group.target_type == "lambda":
        return await functions.forward(exchange, group, equipment.idle_timeout_s)
    return await equipment.proxy.forward(exchange, group)


def weighed(weighted: Mapping[str, int], preferred: str | None, equipment: Equipment) -> TargetGroup | None:
    """By weight, whether its targets are well or not: AWS does not fall back to another target group."""
    if preferred is not None and preferred in weighted:
        return equipment.groups[preferred]
    if not any(weighted.values()):
        return None
    (chosen,) = equipment.tempo.random.choices(list(weighted), weights=list(weighted.values()))
    return equipment.groups[chosen]
