"""Payloads in every field of every item, and what a page must be like after it has shown them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.functions.sharing.watched import Entry, entry

MESSAGES = 3
"""Of each payload: one for each role."""
FOLDER = Path(__file__).parents[2] / "samples" / "xss"
PAYLOADS: list[str] = [one for family in json.loads((FOLDER / "payloads.json").read_text()).values() for one in family]

HOOKS = """
  Math.random = () => 0; // what the page waits before it asks again, it does not wait here
  window.__executed = [];
  for (const name of ["alert", "confirm", "prompt", "print", "open"]) {
    window[name] = (what) => __executed.push(name + what);
  }
"""
FOREIGN = """() => {
  const own = new Set(`a article b blockquote br button code dd del details div dl dt em figcaption figure footer h1 h2
    h3 h4 h5 h6 header hr img ins li ol p pre section span strong summary table tbody td th thead time tr
    ul`.split(/\\s+/));
  const attributes = new Set(`align alt aria-hidden aria-label class datetime decoding dir hidden href id loading open
    referrerpolicy rel role src start style tabindex target type`.split(/\\s+/));
  const isOwnStyle = (node) => node.matches(".block") && /^--messages: \\d+;$/.test(node.getAttribute("style"));
  const isSafeLink = (node) => /^(https?:|mailto:)/.test(node.protocol)
    && (node.matches(".anchor") || (node.target === "_blank" && node.rel === "noopener noreferrer nofollow"));
  const isOwnClass = (name) => /^hljs-[a-z_-]+$|^[a-z]+(-[a-z]+)?_?$/.test(name);
  const checks = [
    (node) => own.has(node.localName) && node.namespaceURI === "http://www.w3.org/1999/xhtml",
    (node) => node.getAttributeNames().every((name) => attributes.has(name)),
    (node) => !node.hasAttribute("style") || isOwnStyle(node),
    (node) => !node.hasAttribute("id") || node.matches("article, #summary, #messages"),
    (node) => !node.matches("a") || isSafeLink(node),
    (node) => !node.matches("img") || /^data:image\\/(png|jpeg|gif|webp);base64,/i.test(node.src),
    (node) => [...node.classList].every(isOwnClass),
  ];
  return [...document.querySelectorAll("main *")].flatMap((node) =>
    checks.flatMap((check, at) => (check(node) ? [] : [`${at}: ${node.cloneNode().outerHTML.slice(0, 200)}`])));
}"""
"""The elements of the session that this page does not make, or not so."""


AT_EVERY_CHANGE = """(foreign) => {
  [window.__foreign, window.__titles] = [[], new Set()];
  new MutationObserver(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    window.__titles.add(document.querySelector("h1").textContent);
    window.__foreign.push(...foreign());
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
}"""
"""Opens what is folded, notes the title, and looks for such elements."""


def deep(text: str) -> dict[str, Any]:
    return {text: text, "list": [text, {text: text}]}


def message(text: str, role: str) -> dict[str, Any]:
    """But for its id."""
    return {
        "role": role,
        "agent": text,
        "mode": text,
        "providerID": text,
        "modelID": text,
        "model": {"providerID": text, "modelID": text},
        "time": {"created": text, "completed": text},
        "tokens": dict.fromkeys(["input", "output", "reasoning", "cache"], text),
        "cost": text,
        "finish": text,
        "error": {"name": text, "data": {"message": text}},
        "summary": {"title": text, "body": text, "diffs": [text]},
        "system": text,
        "path": {"cwd": text, "root": text},
    }


def tool_state(status: str, text: str) -> dict[str, Any]:
    changes = {"relativePath": text, "filePath": text, "diff": f"@@ -1 +1 @@\n+{text}\n-{text}\n {text}"}
    return {
        "status": status,
        "title": text,
        "input": {"command": text, "filePath": text, "description": text, **deep(text)},
        "raw": text,
        "output": text,
        "error": text,
        "time": {"start": text, "end": text},
        "metadata": {"diff": text, "filepath": text, "files": [changes], "output": text, **deep(text)},
        "attachments": [{"mime": mime, "filename": text, "url": text} for mime in ("image/png", text)],
    }


def parts(text: str) -> Iterator[dict[str, Any]]:
    time = {"start": text, "end": text, "created": text}
    yield {"type": "text", "text": text}
    yield {
        "type": "text",
        "text": f"before {text} after\n\n[{text}]({text}) ![{text}]({text})\n\n```{text}\n{text}\n```",
    }
    yield {"type": "text", "text": f"[x]({text})\n\n![x](<{text}>)\n\n<{text}>\n\n[{text}]: {text} '{text}'\n"}
    yield {"type": "text", "text": text, "synthetic": True}
    yield {"type": "reasoning", "text": text, "time": time}
    for name, status in ((text, "completed"), ("bash", "error"), (text, text)):
        yield {"type": "tool", "tool": name, "callID": text, "state": tool_state(status, text)}
    for mime in ("image/png", text):
        yield {"type": "file", "mime": mime, "filename": text, "url": text, "source": deep(text)}
    yield {"type": "patch", "hash": text, "files": [text]}
    yield {"type": "agent", "name": text, "source": deep(text)}
    yield {"type": "subtask", "prompt": text, "description": text, "agent": text, "command": text, "model": deep(text)}
    yield {"type": "retry", "attempt": text, "error": {"name": text, "data": {"message": text}}, "time": time}
    for type_ in ("compaction", "snapshot", "step-start", "step-finish", text):
        yield {"type": type_, "snapshot": text, "reason": text, "tokens": text, "cost": text, **deep(text)}


def messages(payloads: list[str]) -> Iterator[Entry]:
    """An entry whose key and type are hostile, and messages with ids that are, for each payload."""
    for number, text in enumerate(payloads):
        for at, each in enumerate(messages_of(number, text, text)):
            yield {**each, "key": f"{each['item']['type']}/{number}/{at}/{text}"}
        yield {"key": text, "version": 1, "item": {"type": text, "data": deep(text)}}


def messages_as_taken(payloads: list[str]) -> Iterator[Entry]:
    """Messages with keys, types and ids as the service takes them; everything else is hostile."""
    for number, text in enumerate(payloads):
        yield from messages_of(number, text, "")


def messages_of(number: int, text: str, end_of_id: str) -> Iterator[Entry]:
    """One of each role, and the parts of one of them."""
    ids = [message_id(MESSAGES * number + at, end_of_id) for at in range(MESSAGES)]
    for id_, role in zip(ids, ("user", "assistant", text), strict=True):
        yield entry("message", {"id": id_, **message(text, role)})
    for at, data in enumerate(parts(text)):
        yield entry("part", {"id": f"{at:03d}{end_of_id}", "messageID": ids[1], **data})


def message_id(number: int, end: str) -> str:
    return f"{number:05d}{end}"


def about(text: str, version: int) -> list[Entry]:
    """Session, models and changed files."""
    diff = {"file": text, "path": text, "status": text, "additions": text, "deletions": text, "patch": f"@@\n+{text}"}
    session = {"id": text, "title": text, "time": {"created": text}, "directory": text, "share": {"url": text}}
    model = {"id": text, "providerID": text, "name": text, "api": {"url": text}}
    data = {"session": session, "model": [model], "session_diff": [diff, {**diff, "patch": "", "file": ""}]}
    return [entry(kind, each, version) for kind, each in data.items()]


def about_all(payloads: list[str]) -> list[Entry]:
    """The same of all of them at once: the session's texts have a line of each, and the lists an item or two."""
    [session, *_] = about("\n".join(payloads), 1)
    each = [about(text, 1) for text in payloads]
    models, diffs = ([one for entries in each for one in entries[at]["item"]["data"]] for at in (1, 2))
    return [session, entry("model", models), entry("session_diff", diffs)]
