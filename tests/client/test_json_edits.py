"""Edits of JSON with comments: the value changes, every other byte stays."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_auth.tools.absent import ABSENT, NotATable
from opencode_auth.tools.json_edits import drop, put, read
from opencode_auth.tools.json_text import NotJson

examples = settings(
    max_examples=40, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = st.sampled_from(["a", "b", "model", "gpt-4.1", "ключ", 'qu"ote', "//", ""])
SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=3)
GAPS = st.sampled_from(
    ["", " ", "\n", "\r\n  ", '// it\'s "quoted" {\n', "/* , } */", "\t/* two\nlines */ ", "\n\n    "]
)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, Any]:
    """A text as a person may have written it, and what it means."""
    content = draw(OBJECTS)
    text = draw(GAPS) + written(draw, content) + draw(GAPS)
    return text, content


def written(draw: st.DrawFn, value: Any) -> str:
    def gap() -> str:
        return draw(GAPS)

    is_odd = draw(st.booleans())
    match value:
        case dict():
            items = [
                f"{gap()}{json.dumps(name)}{gap()}:{gap()}{written(draw, item)}{gap()}" for name, item in value.items()
            ]
            opening, closing = "{}"
        case list():
            items = [f"{gap()}{written(draw, item)}{gap()}" for item in value]
            opening, closing = "[]"
        case _:
            return json.dumps(value, ensure_ascii=is_odd)
    trailing = "," + gap() if items and is_odd else ""
    return opening + ",".join(items) + trailing + (gap() if not items else "") + closing


def with_value(content: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    return {**content, name: with_value(content.get(name, {}), rest, value) if rest else value}


def without(content: Any, path: list[str]) -> Any:
    name, *rest = path
    if name not in content:
        return content
    if rest:
        return {**content, name: without(content[name], rest)} if isinstance(content[name], dict) else content
    return {key: item for key, item in content.items() if key != name}


def is_blocked(content: Any, path: list[str]) -> bool:
    """A plain value stands where the path needs an object."""
    for name in path[:-1]:
        if name not in content:
            return False
        content = content[name]
        if not isinstance(content, dict):
            return True
    return False


@examples
@given(texts())
def test_a_text_means_what_its_writer_meant(written_text: tuple[str, Any]) -> None:
    text, content = written_text

    assert read(text, ()) == content


@examples
@given(texts(), PATHS, VALUES)
def test_a_value_is_put_where_it_was_asked_for_and_nowhere_else(
    written_text: tuple[str, Any], path: list[str], value: Any
) -> None:
    text, content = written_text
    if is_blocked(content, path):
        with pytest.raises(NotATable):
            put(text, path, value)
        return

    changed = put(text, path, value)

    assert read(changed, ()) == with_value(content, path, value)
    assert put(changed, path, value) == changed, "a second time changes nothing"


@examples
@given(texts(), PATHS, VALUES)
def test_all_that_a_text_had_is_still_there_in_its_order(
    written_text: tuple[str, Any], path: list[str], value: Any
) -> None:
    text, content = written_text
    if is_blocked(content, path) or read(text, path) is not ABSENT:
        return

    changed = put(text, path, value)

    rest = iter(changed)
    assert all(sign in rest for sign in text), "only additions"


@examples
@given(texts(), PATHS, VALUES)
def test_nothing_around_a_replaced_value_changes(written_text: tuple[str, Any], path: list[str], value: Any) -> None:
    text, content = written_text
    if is_blocked(content, path) or read(text, path) is ABSENT:
        return
    marked = put(text, path, "the-mark")
    before, after = marked.split('"the-mark"')

    changed = put(text, path, value)

    assert text.startswith(before)
    assert text.endswith(after)
    assert changed == text or (changed.startswith(before) and changed.endswith(after))


@examples
@given(texts(), PATHS)
def test_a_dropped_member_takes_nothing_with_it(written_text: tuple[str, Any], path: list[str]) -> None:
    text, content = written_text

    changed = drop(text, path)

    assert read(changed, ()) == without(content, path)
    rest = iter(text)
    assert all(sign in rest for sign in changed), "only removals"
    if read(text, path) is not ABSENT:
        for comment in ('// it\'s "quoted" {', "/* , } */", "/* two\nlines */"):
            assert changed.count(comment) <= text.count(comment)


@examples
@given(texts(), NAMES, VALUES)
def test_what_was_put_can_be_dropped_again(written_text: tuple[str, Any], name: str, value: Any) -> None:
    text, content = written_text
    if name in content:
        return

    assert read(drop(put(text, [name], value), [name]), ()) == content


@examples
@given(st.text(alphabet='{}[]",:/*\\ \n1a-.tru', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotJson):
        read(text, ("a",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "k": 1\n}\n'),
        ("{}", '{\n  "k": 1\n}'),
        ("{\n}\n", '{\n  "k": 1\n}\n'),
        ('{"a": 1}', '{"a": 1, "k": 1}'),
        ('{\n\t"a": 1\n}', '{\n\t"a": 1,\n\t"k": 1\n}'),
        ('{\r\n    "a": 1 // one\r\n}', '{\r\n    "a": 1, // one\r\n    "k": 1\r\n}'),
        ('{\n  "a": 1, // one\n  // tail\n}', '{\n  "a": 1, // one\n  "k": 1,\n  // tail\n}'),
        ("{\n  // nothing yet\n}", '{\n  // nothing yet\n  "k": 1\n}'),
        ("// only this", '// only this\n{\n  "k": 1\n}\n'),
    ],
)
def test_a_new_member_is_written_as_its_neighbours_are(before: str, after: str) -> None:
    assert put(before, ("k",), 1) == after


@pytest.mark.parametrize(
    "text", ["{}", '{"a": 1}', '{\n  "a": 1\n}', '{\n  "a": 1, // one\n  "b": 2, /* two */\n}\n', '{\r\n "a": 1\r\n}']
)
def test_put_and_drop_leave_the_text_as_it_was(text: str) -> None:
    changed = drop(put(text, ("k",), {"deep": [1]}), ("k",))

    assert changed.replace("{\n}", "{}") == text


def test_the_last_of_two_members_of_one_name_counts() -> None:
    assert put('{"a": 1, "a": 2}', ("a",), 3) == '{"a": 1, "a": 3}'


def test_true_is_not_one() -> None:
    assert put('{"a": true}', ("a",), 1) == '{"a": 1}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a" 1}', "line 1, column 6: expected ':', found '1'"),
        ('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3: expected ',' or '}', found '\"'"),
        ('{"a": NaN}', "line 1, column 7: expected a value, found 'N'"),
        ("{", "line 1, column 2: expected a name in quotes, found the end of the file"),
        ("[" * 200, "line 1, column 102: expected at most 100 levels, found '['"),
        ("{} {}", "line 1, column 4: expected the end of the file, found '{'"),
        ("{,}", "line 1, column 2: expected a name in quotes, found ','"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(NotJson) as refusal:
        read(text, ())

    assert refusal.value.message == message


def test_an_object_is_not_made_of_something_else() -> None:
    with pytest.raises(NotATable, match="expected an object at 'provider', found a plain value"):
        put('{"provider": "anthropic"}', ("provider", "bedrock", "npm"), "x")
