"""What programs are answered when they get something else than they asked for."""

from served_site.exchange import Answer, Request, json_answer
from served_site.problems import Problem
from share_sessions.problems import TYPES


def problem_answer(_asked: Request, problem: Problem, reference: str) -> Answer:
    told = f" (reference {reference})" if reference else ""
    error = {
        "message": f"{problem.text}{told}",
        "type": TYPES.get(problem.status, "invalid_request_error"),
        "code": problem.code,
    }
    return json_answer({"error": error}, status=problem.status)
