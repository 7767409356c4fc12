"""Batches that come in any order, twice, or after their answer was lost: what all readers see in the end.

Through the function as it is assembled, which makes snapshots meanwhile, and through the page's own folding.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from share_sessions import limits
from share_sessions.items import key
from tests.functions.sharing.conftest import Made, Sharing
from tests.functions.sharing.sent import Item, diff, message, model, part, session

Fate = Literal["taken", "lost on the way", "its answer is lost"]
ASSETS = Path(__file__).parents[3] / "functions" / "share_sessions" / "assets"
ITEMS: st.SearchStrategy[Item] = st.one_of(
    st.builds(session, st.sampled_from(["OLD", "NEW", "é"])),
    st.builds(message, st.integers(0, 1), cost=st.integers(0, 2)),
    st.builds(part, st.integers(0, 1), of=st.integers(0, 1), text=st.sampled_from(["", "\ud83d", "\U0001f600", "z"])),
    st.builds(diff, st.sampled_from(["a", "b"])),
    st.builds(model, st.sampled_from(["a", "b"])),
)
HISTORIES = st.lists(st.lists(ITEMS, min_size=1, max_size=3, unique_by=key), min_size=1, max_size=5)
FATES: st.SearchStrategy[Fate] = st.sampled_from(["taken", "lost on the way", "its answer is lost"])
FIRST_VERSION = 1_000
FOLD = """
globalThis.document = { getElementById: () => null };
const { Items, partsOf } = await import("./items.mjs");
const folded = (frames) => {
  const items = new Items();
  for (const frame of frames) items.add(frame);
  const messages = items.messageIds().map((id) => items.message(id));
  const of = (type) => items.data(type) === undefined ? [] : [{ type, data: items.data(type) }];
  const ofMessage = (message) => [message.entry, ...partsOf(message)].flatMap((entry) => entry?.item ?? []);
  return [...of("session"), ...of("model"), ...messages.flatMap(ofMessage), ...of("session_diff")];
};
let text = "";
process.stdin.setEncoding("utf8").on("data", (more) => { text += more; });
process.stdin.on("end", () => console.log(JSON.stringify(JSON.parse(text).map(folded))));
"""


def in_order(history: Sequence[Sequence[Item]]) -> list[Item]:
    """What was sent last under each key, as OpenCode means it."""
    last = {key(item): item for batch in history for item in batch}
    singles = [[last[name]] if name in last else [] for name in ("session", "model", "session_diff")]
    of_messages = [last[name] for name in sorted(last, key=place) if "/" in name]
    return [*singles[0], *singles[1], *of_messages, *singles[2]]


def place(name: str) -> list[str]:
    """Of `message/<id>` and `part/<message>/<id>`: a message, and then its parts."""
    return name.split("/")[1:]


def deliver(sharing: Sharing, share: Made, batch: Sequence[Item], version: int, fate: Fate) -> None:
    """As the local proxy does, which sends again what was not answered well."""
    dynamodb = sharing.world.clients.dynamodb
    write = dynamodb.transact_write_items
    sent = {"secret": share.secret, "data": batch, "version": version}

    def fail(**wanted: Any) -> None:
        if fate == "its answer is lost":
            write(**wanted)
        raise ClientError({"Error": {"Code": "RequestTimeout"}}, "TransactWriteItems")

    if fate != "taken":
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(dynamodb, "transact_write_items", fail)
            assert sharing.ask("POST", f"/api/share/{share.id}/sync", sent)[0] == 503
    assert sharing.ask("POST", f"/api/share/{share.id}/sync", sent)[0] == 200


def folded_by_the_page(tmp_path: Path, watched: Sequence[Sequence[Any]]) -> Any:
    """Of each list of frames the items that the page has in the end."""
    for name in ("items", "dom"):
        source = (ASSETS / f"{name}.js").read_text().replace("./dom.js", "./dom.mjs")
        (tmp_path / f"{name}.mjs").write_text(source)
    (tmp_path / "fold.mjs").write_text(FOLD)
    done = subprocess.run(
        ["node", "fold.mjs"],  # noqa: S607  as it is found on the search path
        cwd=tmp_path,
        input=json.dumps(watched),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def test_interleaving_repetition_and_loss_with_retry_give_all_readers_the_history_in_order(
    sharing: Sharing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMPACTED_EVENTS", 1)
    monkeypatch.setattr(limits, "LIVE_SHARES", 1_000)
    other, snapshots = replace(sharing), 0
    watched: list[list[Any]] = []
    expected: list[list[Item]] = []

    @settings(
        max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(history=HISTORIES, data=st.data())
    def holds(history: list[list[Item]], data: st.DataObject) -> None:
        nonlocal snapshots
        share, told_before = sharing.made(visibility="link"), len(sharing.watchers.told)
        versions = range(FIRST_VERSION, FIRST_VERSION + len(history))
        sent = [*zip(versions, history, strict=True)]
        arrivals = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent), max_size=2))))
        for place, (version, batch) in enumerate(arrivals):
            deliver((sharing, other)[place % 2], share, batch, version, data.draw(FATES))

        assert sharing.data(share, by=None) == in_order(history)
        watched.append([frame["items"] for _, _, frame in sharing.watchers.told[told_before:]])
        expected.append(in_order(history))
        snapshots += len(sharing.world.objects(share.id))

    holds()

    assert folded_by_the_page(tmp_path, watched) == expected
    assert snapshots, "made in between"


def test_a_version_of_a_clock_that_is_a_day_ahead_is_refused_by_its_name(sharing: Sharing) -> None:
    """Taken, it would hide for good what writers with a right clock send under the same keys."""
    share, now_ms, day_ms = sharing.made(), int(sharing.now_s * 1000), 24 * 60 * 60 * 1000
    sent = {"secret": share.secret, "data": [session("AHEAD")], "version": now_ms + day_ms + 1}
    status, document, _ = sharing.ask("POST", f"/api/share/{share.id}/sync", sent)

    assert (status, document["error"]["code"]) == (400, "invalid_request")
    assert document["error"]["message"].startswith("version has to be milliseconds since the epoch")
    sharing.sync(share, [session("RIGHT")], now_ms)
    assert sharing.data(share) == [session("RIGHT")]
    assert sharing.sync(share, [session("LATER")], now_ms + day_ms) == 2
