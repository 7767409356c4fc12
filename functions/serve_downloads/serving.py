"""From a load balancer's event to its answer: routes, refusals, and one line of log per request."""

import json
import re
import secrets
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from serve_downloads.exchange import Answer, Request, event_answer, request
from serve_downloads.problems import MethodNotAllowed, Problem, UnknownPage

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


@dataclass(frozen=True, kw_only=True)
class Site:
    """Query strings are ignored, and so are bodies."""

    routes: Sequence[Route]
    problem_answer: Callable[[Request, Problem, str], Answer]
    """Of a problem, and of a reference to it in the log, which may be empty."""

    def serve(self, event: dict[str, Any]) -> dict[str, Any]:
        """Never raises: what nobody has thought of is a 503 whose reference is logged."""
        started_s = time.perf_counter()
        asked = request(event)
        matches = ((route, route.pattern.fullmatch(asked.path)) for route in (*self.routes, UNKNOWN))
        route, found = next((route, found) for route, found in matches if found)
        answer, told = self._answered(route, asked, found)
        duration_ms = round((time.perf_counter() - started_s) * 1000, 1)
        print(json.dumps({"route": route.label, "status": answer.status, "duration_ms": duration_ms, **told}))
        return event_answer(answer, asked)

    def _answered(self, route: Route, asked: Request, found: re.Match[str]) -> tuple[Answer, dict[str, Any]]:
        """And what the log says beside the answer."""
        try:
            if asked.method not in READING:
                raise MethodNotAllowed
            return route.answer(asked, found), {}
        except Problem as problem:
            answer = self.problem_answer(asked, problem, "")
            allow = {"Allow": ", ".join(READING)} if answer.status == MethodNotAllowed.status else {}
            why = f"{type(problem).__name__}: {problem}".rstrip(": ")
            return replace(answer, headers={**answer.headers, **allow}), {"why": why}
        except Exception as error:  # the last resort: nothing that happens here is a 500 or 502
            reference = secrets.token_hex(REFERENCE_BYTES)
            told = {"reference": reference, "error": type(error).__name__, "frames": frames(error)}
            return self.problem_answer(asked, Problem(), reference), told


def unknown(_asked: Request, _found: re.Match[str]) -> Answer:
    raise UnknownPage


def frames(error: Exception) -> list[str]:
    """Where it happened. Its text stays out of the log, since it may repeat what was sent."""
    return [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]


UNKNOWN = Route(label="unknown", pattern=re.compile(".*", re.DOTALL), answer=unknown)
