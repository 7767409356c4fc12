"""Sessions that nobody had.

Their shapes are those of OpenCode 1.18.33: `dist/v2/gen/types.gen.d.ts` in the npm package @opencode-ai/sdk (read
2026-11-21).
"""

from collections.abc import Iterator
from typing import Any

from tests.functions.sharing.watched import Entry, entry

BEGUN_MS = 1_795_262_400_000
PROVIDER, MODEL = "gateway", "claude-sonnet-5-5"
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElF"
    "TkSuQmCC"
)
PATCH = """Index: src/clock.py
===================================================================
--- src/clock.py
+++ src/clock.py
@@ -1,5 +1,6 @@
 import time
 
-def wait():
-    time.sleep(2)
+def wait(clock):
+    # --- one tick at a time
+    clock.advance(2)
 
"""
ANSWER = """The test waits for **real** time. I would give it a clock:

```python
def wait(clock: Clock) -> None:
    clock.advance(2)  # seconds
```

| file | change |
| --- | --- |
| `src/clock.py` | takes a clock |

- [x] mend the test
- [ ] read [the guide](https://docs.example.com/clocks)
"""


def message_id(number: int) -> str:
    return f"msg_{number:05d}"


def user(number: int, text: str, version: int = 1) -> list[Entry]:
    id_ = message_id(number)
    data = {
        "id": id_,
        "role": "user",
        "agent": "build",
        "time": {"created": BEGUN_MS + number * 60_000},
        "model": {"providerID": PROVIDER, "modelID": MODEL},
    }
    return [entry("message", data, version), part(number, 1, type="text", text=text, version=version)]


def assistant(number: int, *parts: Entry, version: int = 1, **changes: Any) -> list[Entry]:
    created = BEGUN_MS + number * 60_000
    data = {
        "id": message_id(number),
        "role": "assistant",
        "agent": "build",
        "providerID": PROVIDER,
        "modelID": MODEL,
        "time": {"created": created, "completed": created + 12_300},
        "tokens": {"input": 1200, "output": 340, "reasoning": 56, "cache": {"read": 9000, "write": 0}},
        "cost": 0.0123,
        "finish": "stop",
        **changes,
    }
    return [entry("message", data, version), *parts]


def part(message: int, number: int, *, version: int = 1, **data: Any) -> Entry:
    return entry("part", {"id": f"prt_{number:05d}", "messageID": message_id(message), **data}, version)


def about(title: str = "Mend the flaky test") -> list[Entry]:
    diffs = [{"file": "src/clock.py", "additions": 3, "deletions": 2, "status": "modified", "patch": PATCH}]
    return [
        entry("session", {"id": "ses_1", "title": title, "time": {"created": BEGUN_MS, "updated": BEGUN_MS}}),
        entry("model", [{"id": MODEL, "providerID": PROVIDER, "name": "Claude Sonnet 5.5"}]),
        entry("session_diff", diffs),
    ]


def tool(message: int, number: int, name: str, version: int = 1, **state: Any) -> Entry:
    return part(message, number, type="tool", callID=f"call_{number}", tool=name, state=state, version=version)


def whole() -> list[Entry]:
    """One of everything."""
    time = {"start": BEGUN_MS, "end": BEGUN_MS + 1500}
    edit = {"filePath": "src/clock.py", "oldString": "time.sleep(2)", "newString": "clock.advance(2)"}
    command = {"command": "pytest -q tests/test_clock.py", "description": "Run the test"}
    return [
        *about(),
        *user(1, "The test of the clock fails now and then. Why?"),
        part(1, 2, type="file", mime="image/png", filename="failure.png", url=PNG),
        part(1, 3, type="file", mime="text/plain", filename="log.txt", url="data:text/plain;base64,ZmFpbGVk"),
        part(1, 4, type="text", text="Called the Read tool", synthetic=True),
        *assistant(
            2,
            part(2, 1, type="step-start"),
            part(2, 2, type="reasoning", text="The clock is **real**.", time=time),
            part(2, 3, type="text", text=ANSWER),
            tool(2, 4, "edit", status="completed", input=edit, output="Edited.", title="src/clock.py", time=time,
                 metadata={"diff": PATCH}),
            tool(2, 5, "bash", status="running", input=command, time={"start": BEGUN_MS}),
            tool(2, 6, "read", status="error", input={"filePath": "/etc/shadow"}, error="Not allowed", time=time),
            tool(2, 7, "glob", status="pending", input={}, raw='{"pattern": "**'),
            part(2, 8, type="patch", hash="abc", files=["src/clock.py"]),
            part(2, 9, type="hologram", shape="a new type"),
            part(2, 10, type="step-finish", reason="stop"),
        ),
        *user(3, "Thank you"),
    ]  # fmt: skip


def long(messages: int) -> Iterator[Entry]:
    """Questions and answers with markdown, code and a tool call."""
    yield from about("A long session")
    for number in range(1, messages, 2):
        yield from user(number, f"Question {number}: what about `module_{number}`?")
        text = part(number + 1, 1, type="text", text=f"Answer {number + 1}.\n\n{ANSWER}")
        call = tool(number + 1, 2, "bash", status="completed", input={"command": f"run {number}"}, output="ok\n" * 20)
        yield from assistant(number + 1, text, call)
