"""The runtime within a function's own process: imports its handler, then answers one invocation after another.

Run as a file, with the standard library alone, so that a handler finds none of our modules beside its own. Orders and
answers are lines of JSON over the socket whose number is the first argument; what the handler prints goes to standard
output, where a marker line ends each invocation.

In: {"handler", "import_paths", "memory_mb", "marker", "log_format", "function_name", ...} once, then one {"request_id",
"function_arn", "deadline_ms", "trace_id", "event"} per invocation. Out: {"ready": true} or {"error": {...}} once, then
{"answer": <JSON text>} or {"error": {...}}, each with "memory_bytes", the most that was in use.
Source of error types and of texts: aws-lambda-python-runtime-interface-client, awslambdaric/bootstrap.py (read
2026-11-21).
"""

import contextlib
import importlib
import json
import logging
import os
import resource
import socket
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

ADDRESS_SPACE_ALLOWANCE_BYTES = 512 * 2**20
"""Shared libraries and the reserved stacks of threads count as address space, yet not as a function's memory."""
RESPONSE_LIMIT_BYTES = 6 * 2**20 + 100
"""Source: Lambda developer guide, "Lambda quotas", and its own message of 6291556 bytes (read 2026-11-21)."""
OUR_FRAMES = 1
IMPORT_FRAMES = 2
"""How deep in this file a handler is called, and imported."""
LOG_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"
LOG_DATE = "%Y-%m-%dT%H:%M:%S"
Handler = Callable[[Any, Any], Any]


class Fault(Exception):
    """A failure that Lambda itself names."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind, self.trace = kind, trace or []


class Context:
    """What a handler gets beside its event.

    Source: Lambda developer guide, "Using the Lambda context object to retrieve Python function information" (read
    2026-11-21).
    """

    def __init__(self, about: dict[str, Any], order: dict[str, Any]) -> None:
        self.function_name = about["function_name"]
        self.function_version = about["function_version"]
        self.invoked_function_arn = order["function_arn"]
        self.memory_limit_in_mb = str(about["memory_mb"])
        self.aws_request_id = order["request_id"]
        self.log_group_name = about["log_group"]
        self.log_stream_name = about["log_stream"]
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self._deadline_ms = order["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._deadline_ms - time.time() * 1000))

    def log(self, message: Any) -> None:
        sys.stdout.write(str(message))


class JsonLines(logging.Formatter):
    """Log lines of `logFormat` JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": time.strftime(LOG_DATE, time.gmtime(record.created)) + "Z",
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": getattr(record, "aws_request_id", ""),
        }
        if record.exc_info:
            line["stackTrace"] = self.formatException(record.exc_info).splitlines()
        return json.dumps(line)


def main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    orders, answers = channel.makefile("r", encoding="utf-8"), channel.makefile("w", encoding="utf-8")
    about = json.loads(orders.readline())
    current = {"request_id": ""}
    limit_memory(about["memory_mb"])
    set_up_logging(about, current)
    send(answers, loaded(about))
    for line in orders:
        order = json.loads(line)
        current["request_id"] = order["request_id"]
        answer = answered(about, order)
        end_of_output(about["marker"])
        send(answers, answer)


def loaded(about: dict[str, Any]) -> dict[str, Any]:
    """Imports the handler; what that prints is an invocation's output too."""
    try:
        sys.path[:0] = about["import_paths"]
        about["function"] = function_of(about["handler"])
        outcome: dict[str, Any] = {"ready": True}
    except Fault as fault:
        outcome = {"error": logged_error(document(fault.kind, str(fault), fault.trace))}
    except Exception as error:
        outcome = {"error": logged_error(document(type(error).__name__, str(error), frames(error, IMPORT_FRAMES)))}
    end_of_output(about["marker"])
    return outcome


def function_of(handler: str) -> Handler:
    module_name, _, function_name = handler.rpartition(".")
    if not module_name:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace) from error
    function: Handler | None = getattr(module, function_name, None)
    if function is None:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")
    return function


def answered(about: dict[str, Any], order: dict[str, Any]) -> dict[str, Any]:
    os.environ["_X_AMZN_TRACE_ID"] = order["trace_id"]
    try:
        text = marshalled(about["function"](order["event"], Context(about, order)))
        outcome: dict[str, Any] = {"answer": text}
    except Fault as fault:
        outcome = {"error": logged_error(document(fault.kind, str(fault), fault.trace))}
    except Exception as error:
        outcome = {"error": logged_error(document(type(error).__name__, str(error), frames(error, OUR_FRAMES)))}
    if "error" in outcome:
        outcome["error"]["requestId"] = order["request_id"]
    return {**outcome, "memory_bytes": peak_memory_bytes()}


def marshalled(answer: Any) -> str:
    try:
        text = json.dumps(answer, ensure_ascii=False, default=decimal)
        size_bytes = len(text.encode())
    except Exception as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
    if size_bytes > RESPONSE_LIMIT_BYTES:
        limit = f"maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)"
        raise Fault("Function.ResponseSizeTooLarge", f"Response payload size exceeded {limit}.")
    return text


def decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def frames(error: BaseException, skipped: int) -> list[str]:
    return traceback.format_list(traceback.extract_tb(error.__traceback__)[skipped:])


def document(kind: str, message: str, trace: list[str]) -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "stackTrace": trace}


def logged_error(error: dict[str, Any]) -> dict[str, Any]:
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines += ["Traceback (most recent call last):", *(frame.rstrip("\n") for frame in error["stackTrace"])]
    print("\n".join(lines), flush=True)
    return error


def set_up_logging(about: dict[str, Any], current: dict[str, str]) -> None:
    """The root logger writes to standard output, with the request's id."""
    handler = logging.StreamHandler(sys.stdout)
    formatter: logging.Formatter = JsonLines()
    if about["log_format"] != "JSON":
        formatter = logging.Formatter(LOG_FORMAT, LOG_DATE)
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)

    def with_request_id(record: logging.LogRecord) -> bool:
        record.aws_request_id = current["request_id"]
        return True

    handler.addFilter(with_request_id)
    logging.getLogger().addHandler(handler)
    if about["log_level"]:
        logging.getLogger().setLevel(
            {"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(about["log_level"], about["log_level"])
        )


def limit_memory(memory_mb: int) -> None:
    limit_bytes = memory_mb * 2**20 + ADDRESS_SPACE_ALLOWANCE_BYTES
    with contextlib.suppress(ValueError, OSError):  # not every platform has it
        resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def peak_memory_bytes() -> int:
    """Of this program alone: what `getrusage` tells on Linux includes the one that started it."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/status") as status:
        return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM")), 0)


def end_of_output(marker: str) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(1, f"{marker}\n".encode())


def send(answers: Any, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def forget_our_packages() -> None:
    """What is installed beside us stays importable; what is linked from elsewhere, as we are, is not."""
    sys.path[:] = [path for path in sys.path if path.startswith((sys.prefix, sys.base_prefix))]


if __name__ == "__main__":
    forget_our_packages()
    main()
