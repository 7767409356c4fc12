"""Whatever happens to batches on their way, a share becomes what it would have become in order."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from share_sessions.folding import State, entry_lines, fold, items_json
from share_sessions.items import Keyed, checked, decoded
from tests.functions.sharing.sent import Item, diff, message, model, part, session

Batch = tuple[int, Sequence[Keyed]]
ITEMS: st.SearchStrategy[Item] = st.one_of(
    st.builds(session, st.sampled_from(["OLD", "NEW", "é"])),
    st.builds(message, st.integers(0, 2), cost=st.floats(0, 1)),
    st.builds(part, st.integers(0, 2), of=st.integers(0, 2), text=st.text(max_size=3)),
    st.builds(diff, st.sampled_from(["a", "b"])),
    st.builds(model, st.sampled_from(["a", "b"])),
)
HISTORIES = st.lists(st.lists(ITEMS, max_size=4), max_size=8)


def folded(batches: Sequence[Batch]) -> State:
    state: State = {}
    for version, batch in batches:
        fold(state, version, batch)
    return state


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(history=HISTORIES, data=st.data())
def test_interleaving_repetition_and_loss_with_retry_give_the_state_of_the_history_in_order(
    history: list[list[Item]], data: st.DataObject
) -> None:
    batches = [(1_000 + place, checked(items).batch) for place, items in enumerate(history)]
    repeated = data.draw(st.lists(st.sampled_from(batches), max_size=8)) if batches else []
    arrived = data.draw(st.permutations([*batches, *repeated]))

    assert items_json(folded(arrived)) == items_json(folded(batches))
    assert entry_lines(folded(arrived)) == entry_lines(folded(batches))


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(history=st.lists(st.lists(ITEMS, max_size=4, unique_by=lambda item: checked([item]).batch[0].key), max_size=6))
def test_in_order_the_last_that_was_sent_under_a_key_is_what_it_holds(history: list[list[Item]]) -> None:
    """Which is what OpenCode means: it sends each key once in a batch."""
    batches = [(1_000 + place, checked(items).batch) for place, items in enumerate(history)]
    last = {keyed.key: keyed.item for _, batch in batches for keyed in batch}

    assert {key: decoded(found.text.encode()) for key, found in folded(batches).items()} == last


@settings(max_examples=30, derandomize=True, deadline=None, database=None)
@given(items=st.lists(ITEMS, max_size=8), cut=st.integers(0, 8), data=st.data())
def test_two_writers_of_one_version_agree_in_either_order(items: list[Item], cut: int, data: st.DataObject) -> None:
    batches = [(7, checked(items[:cut]).batch), (7, checked(items[cut:]).batch)]

    assert items_json(folded(batches)) == items_json(folded(batches[::-1]))
