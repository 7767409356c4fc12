"""CloudWatch's filter patterns over JSON match as documented."""

import json
from typing import Any

import pytest

from opencode_components.testing import matches

EVENT: dict[str, Any] = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "errorCode": 400,
    "latency": 0.25,
    "number": [[0.001]],
    "status": "500",
    "cluster.name": "c",
    "a-b": 1,
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ('{$.eventType="UpdateTrail"}', True),
        ('{ $.eventType = "updatetrail" }', False),
        ("{ $.eventType = UpdateTrail }", True),
        ('{ $.eventType = "Update*" }', True),
        ("{ $.eventType = * }", True),
        ("{ $.missing = * }", False),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress = 111.111.* }", True),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[9] = "value" }', False),
        ('{ $.arrayKey[*] = "another value" }', True),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id > 1 }", True),
        ("{ $.objectList[*].id > 2 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.eventType IS NULL }", False),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.SomeObject EXISTS }", True),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.ThisFlag = 1 }", False),
        ("{ $.errorCode = 400 }", True),
        ("{ $.errorCode != 400 }", False),
        ("{ $.errorCode >= 400 && $.errorCode < 500 }", True),
        ("{ $.errorCode > 400 || $.errorCode <= 399 }", False),
        ("{ $.latency < 50 }", True),
        ("{ $.number[0][0] = 1e-3 }", True),
        ("{ $.status = 500 }", False),
        ('{ $.status = "500" }', True),
        ('{ $.missing != "a" }', False),
        ('{ $["cluster.name"] = "c" }', True),
        ("{ $.a-b = 1 }", True),
        ("{ ($.errorCode = 400 || $.x = 1) && $.latency > 1 }", False),
        ("{ $.errorCode = 400 || $.x = 1 && $.latency > 1 }", True),
        ("{ (($.errorCode = 400)) }", True),
        (r'{ $.quoted = "a \"b\"" }', False),
    ],
)
def test_a_pattern_matches_the_lines_that_it_describes(pattern: str, expected: bool) -> None:
    assert matches(pattern, json.dumps(EVENT)) is expected


@pytest.mark.parametrize("line", ["plain text", "[1, 2]", "3", ""])
def test_a_line_that_is_no_object_matches_nothing(line: str) -> None:
    assert not matches("{ $.a NOT EXISTS }", line)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "ERROR",
        "[ip, user]",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a = 1",
        "{ $.a = 1 } }",
        "{ $.a == 1 }",
        "{ a = 1 }",
        "{ $.a = 1 & $.b = 2 }",
        "{ $.a IS EMPTY }",
        "{ ($.a = 1 }",
        "{ $.a = %regex% && }",
        '{ $.a > "text" }',
    ],
)
def test_a_pattern_that_cannot_be_read_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|belongs|goes on|is no comparison|compares numbers"):
        matches(pattern, '{"a": 1}')
