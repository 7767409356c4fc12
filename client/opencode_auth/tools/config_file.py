"""A tool's own configuration file: what would change, the change, and the way back.

A record in our own folder remembers each change; the tool's file holds no trace of us beyond its values.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opencode_auth import files, paths
from opencode_auth.errors import ClientError
from opencode_auth.tools.absent import ABSENT, NotUnderstood
from opencode_auth.tools.catalogue import TOOLS
from opencode_auth.tools.diff import unified
from opencode_auth.tools.edits import Applied, Change, Edit, Format, apply, kept, undo

NEW_FILE_MODE = 0o600


class LeftAlone(ClientError):
    """A tool's file that cannot be edited, named by its path."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """`url` is where the tool was pointed; `existed` says whether the file was there before us."""

    file: Path
    url: str
    is_proxied: bool
    existed: bool
    applied: Applied


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A file as it is and as it would be; None where there is no file. `record` is what is remembered then.

    `ours` are the values that are from here; `kept` are places that the person has changed since.
    """

    name: str
    file: Path
    now: str | None
    then: str | None
    record: Record | None
    ours: Sequence[Any] = ()
    kept: Sequence[tuple[str, ...]] = ()

    @property
    def is_done(self) -> bool:
        return self.now == self.then

    @property
    def diff(self) -> str:
        return unified(self.file, self.now or "", self.then or "", self.ours)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Where a tool shall go, and the edits that bring it there."""

    url: str
    is_proxied: bool
    edits: Sequence[Edit]


def to_use(name: str, wanted: Wanted, *, home: Path, environment: Mapping[str, str]) -> Plan:
    """The change that configures a tool. Raises LeftAlone, Misused."""
    tool, earlier = TOOLS[name], record_of(name)
    file = earlier.file if earlier and earlier.file.exists() else tool.config_file(home, environment).resolve()
    now = text_of(file)
    known = earlier.applied if earlier and earlier.file == file and now is not None else None
    with named(file):
        then, applied = apply(tool.form, now or "", wanted.edits, known)
    existed = earlier.existed if earlier and known else now is not None
    record = Record(file=file, url=wanted.url, is_proxied=wanted.is_proxied, existed=existed, applied=applied)
    return Plan(name=name, file=file, now=now, then=then, record=record, ours=values(applied))


def to_undo(name: str) -> Plan | None:
    """The way back; None for a tool that was never configured. Raises LeftAlone, Misused."""
    record, form = record_of(name), TOOLS[name].form
    if record is None:
        return None
    now = text_of(record.file)
    if now is None:
        return Plan(name=name, file=record.file, now=None, then=None, record=None)
    with named(record.file):
        then = undo(form, now, record.applied)
        is_ours = not record.existed and is_empty(form, then)
        stays = kept(form, now, record.applied)
    then_or_none, ours = None if is_ours else then, values(record.applied)
    return Plan(name=name, file=record.file, now=now, then=then_or_none, record=None, ours=ours, kept=stays)


def values(applied: Applied) -> list[Any]:
    return [change.after for change in applied.changes]


def carry_out(plan: Plan) -> None:
    """Remembers first, so that a change that was interrupted can be undone. Raises Misused where it cannot write."""
    if plan.record:
        files.write_json(record_file(plan.name), as_json(plan.record))
    if plan.then is None:
        plan.file.unlink(missing_ok=True)
    elif not plan.is_done:
        write(plan.file, plan.then)
    if not plan.record:
        record_file(plan.name).unlink(missing_ok=True)


def follow_proxy(url: str) -> list[str]:
    """Points every tool that goes by the proxy at its new address; names of the tools that were told."""
    told = []
    for name in TOOLS:
        record = record_of(name)
        if record and record.is_proxied and record.url != url:
            with named(record.file):
                theirs = kept(TOOLS[name].form, text_of(record.file) or "", record.applied)
            ours = [each for each in record.applied.changes if each.path not in theirs]
            edits = [Edit(each.path, moved(each.after, record.url, url)) for each in ours]
            wanted = Wanted(url=url, is_proxied=True, edits=edits)
            carry_out(to_use(name, wanted, home=Path.home(), environment=os.environ))
            told.append(name)
    return told


def moved(value: Any, old_url: str, new_url: str) -> Any:
    return value.replace(old_url, new_url, 1) if isinstance(value, str) and value.startswith(old_url) else value


def record_file(name: str) -> Path:
    return paths.config_folder() / "tools" / f"{name}.json"


def record_of(name: str) -> Record | None:
    """What is remembered of a tool. Raises Misused for a record that cannot be read."""
    found = files.read_json(record_file(name))
    if found is None:
        return None
    changes = [
        Change(path=tuple(each["path"]), before=each.get("before", ABSENT), after=each["after"])
        for each in found["changes"]
    ]
    applied = Applied(
        digest=found["digest"],
        text_before=found["text_before"],
        changes=changes,
        made=[tuple(path) for path in found["made"]],
    )
    return Record(
        file=Path(found["file"]),
        url=found["url"],
        is_proxied=found["is_proxied"],
        existed=found["existed"],
        applied=applied,
    )


def as_json(record: Record) -> dict[str, Any]:
    changes = [
        {name: value for name, value in asdict(change).items() if value is not ABSENT}
        for change in record.applied.changes
    ]
    own = {name: value for name, value in asdict(record).items() if name != "applied"}
    return {**own, **asdict(record.applied), "file": str(record.file), "changes": changes}


def text_of(file: Path) -> str | None:
    """None where there is no file. Raises LeftAlone for one that is not UTF-8."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise LeftAlone(f"{file}: not UTF-8 at byte {error.start}") from error


@contextmanager
def named(file: Path) -> Iterator[None]:
    """Says in which file something was not understood."""
    try:
        yield
    except NotUnderstood as error:
        raise LeftAlone(f"{file}: {error.message}", hint="correct that place, then try again") from error


def write(file: Path, text: str) -> None:
    """Replaces the file in one step; its mode stays what it was."""
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else NEW_FILE_MODE
    files.write_private(file, text)
    file.chmod(mode)


def is_empty(form: Format, text: str) -> bool:
    return not text.strip() or form.read(text, ()) == {}
