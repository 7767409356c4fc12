"""From a load balancer's event to its answer: routes, refusals, and one line of log per request."""

import json
import re
import secrets
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from served_site.exchange import Answer, Request, event_answer, request
from served_site.problems import MethodNotAllowed, Problem, UnknownPage

READING = ("GET", "HEAD")
REFERENCE_BYTES = 6


@dataclass(frozen=True, kw_only=True)
class Route:
    label: str
    """Its name in the log, which holds nothing that was sent: `/i/{code}`."""
    pattern: re.Pattern[str]
    """Of the whole path."""
    answer: Callable[[Request, re.Match[str]], Answer]
    """Raises Problem."""
    methods: Sequence[str] = READING


@dataclass(frozen=True, kw_only=True)
class Site:
    """The first route whose pattern and method are those of the request answers it."""

    routes: Sequence[Route]
    problem_answer: Callable[[Request, Problem, str], Answer]
    """Of a problem, and of a reference to it in the log, which may be empty."""

    def serve(self, event: dict[str, Any]) -> dict[str, Any]:
        """Never raises: what nobody has thought of is a 503 whose reference is logged."""
        started_s = time.perf_counter()
        asked = request(event)
        route, found = self._route(asked)
        answer, told = self._answered(route, asked, found)
        duration_ms = round((time.perf_counter() - started_s) * 1000, 1)
        print(json.dumps({"route": route.label, "status": answer.status, "duration_ms": duration_ms, **told}))
        return event_answer(answer, asked)

    def _route(self, asked: Request) -> tuple[Route, re.Match[str]]:
        """One that refuses the request where its path is known but not with that method."""
        every = ((route, route.pattern.fullmatch(asked.path)) for route in (*self.routes, UNKNOWN))
        *known, unknown = [(route, found) for route, found in every if found]
        if not known:
            return unknown
        for route, found in known:
            if asked.method in route.methods:
                return route, found
        route, found = known[0]
        allowed = [method for match, _ in known for method in match.methods]
        return replace(route, answer=partial(refuse_method, allowed)), found

    def _answered(self, route: Route, asked: Request, found: re.Match[str]) -> tuple[Answer, dict[str, Any]]:
        """And what the log says beside the answer."""
        try:
            return route.answer(asked, found), {}
        except Problem as problem:
            answer = self.problem_answer(asked, problem, "")
            why = f"{type(problem).__name__}: {problem}".rstrip(": ")
            return replace(answer, headers={**answer.headers, **problem.headers}), {"why": why}
        except Exception as error:  # the last resort: nothing that happens here is a 500 or 502
            reference = secrets.token_hex(REFERENCE_BYTES)
            told = {"reference": reference, "error": type(error).__name__, "frames": frames(error)}
            return self.problem_answer(asked, Problem(), reference), told


def nothing_here(_asked: Request, _found: re.Match[str]) -> Answer:
    raise UnknownPage


def refuse_method(allowed: Sequence[str], _asked: Request, _found: re.Match[str]) -> Answer:
    raise MethodNotAllowed(allowed)


def frames(error: Exception) -> list[str]:
    """Where it happened. Its text stays out of the log, since it may repeat what was sent."""
    return [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]


UNKNOWN = Route(label="unknown", pattern=re.compile(".*", re.DOTALL), answer=nothing_here)
