"""Request bytes to their typed shape, with every fault told as the parameter at fault."""

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from opencode_router.errors import BadRequest

T = TypeVar("T")

FAULT = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
"""How msgspec ends its messages: "Expected `int`, got `str` - at `$.messages[0].content`"."""
FIELD = re.compile(r"Object (?P<fault>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL)
VALUE = re.compile(r"Invalid (?:enum )?value (?P<value>.*)", re.DOTALL)
AS_IN_JSON = {"True": "true", "False": "false"}
NOTHING_ELSE = ("Expected `null`", "Expected `object` of length <= 0")
"""How it refuses a parameter of which only null, or only an empty object, is allowed."""
FIELD_FAULTS = {"contains unknown": "is not a parameter this gateway can honour", "missing required": "is required"}


def decoded(body: bytes, decode: Callable[[bytes], T]) -> T:
    """What `decode` makes of `body`.

    Raises BadRequest: `code` "invalid_json" when the bytes are not JSON, else with `param` such as
    "messages[0].content[1].image_url.url".
    """
    try:
        body.decode()
        return decode(body)
    except UnicodeDecodeError as error:
        raise BadRequest(f"the request body is not UTF-8 (byte {error.start})", code="invalid_json") from error
    except RecursionError as error:
        raise BadRequest("the request body is nested too deeply", code="invalid_json") from error
    except msgspec.ValidationError as error:
        raise validation_fault(str(error)) from error
    except msgspec.DecodeError as error:
        raise BadRequest(f"the request body is not JSON: {error}", code="invalid_json") from error


def validation_fault(message: str) -> BadRequest:
    """The refusal for a msgspec validation message."""
    found = FAULT.fullmatch(message)
    what, path = (found["what"], found["path"] or "") if found else (message, "")
    param = path.replace("[...]", "").removeprefix(".")
    field = FIELD.fullmatch(what)
    if field:
        param = f"{param}.{field['name']}" if param else field["name"]
        return BadRequest(f"{field['name']!r} {FIELD_FAULTS[field['fault']]}", param=param)
    value = VALUE.fullmatch(what)
    if value:
        shown = AS_IN_JSON.get(value["value"], value["value"])
        return BadRequest(f"{shown} is not a value this gateway can honour", param=param or None)
    if what.startswith(NOTHING_ELSE):
        return BadRequest("this gateway cannot honour this parameter", param=param or None)
    return BadRequest(what if path else f"the request body is wrong: {what}", param=param or None)
