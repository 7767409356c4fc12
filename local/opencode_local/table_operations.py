"""Operations of the embedded DynamoDB, which in moto are neither apart from each other nor quick.

A transaction of moto copies each of its tables whole, for each of its parts, and puts the copy back when it fails: what
others wrote meanwhile is gone then. Here one operation follows the other, and a transaction undoes what it has done.
Source: moto.dynamodb.models.DynamoDBBackend.transact_write_items (read 2026-11-21).
"""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from moto.core.serialize import ResponseSerializer
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

Parts = Sequence[Mapping[str, Any]]
"""`TransactItems`."""
Undo = Callable[[], None]
IN_TRANSACTION = ContextVar("in_transaction", default=False)


def install() -> None:
    DynamoHandler.call_action = one_at_a_time(DynamoHandler.call_action)  # type: ignore[method-assign]
    DynamoDBBackend.transact_write_items = undoing(DynamoDBBackend.transact_write_items)  # type: ignore
    Table.__deepcopy__ = table_copy  # type: ignore[attr-defined]
    ResponseSerializer.get_value = picking(ResponseSerializer.get_value)  # type: ignore[method-assign]


def one_at_a_time(operation: Callable[[DynamoHandler], Any]) -> Callable[[DynamoHandler], Any]:
    lock = threading.Lock()

    def call(handler: DynamoHandler) -> Any:
        with lock:
            return operation(handler)

    return call


def undoing(write: Callable[[DynamoDBBackend, Any], None]) -> Callable[[DynamoDBBackend, Any], None]:
    def written(backend: DynamoDBBackend, transact_items: Parts) -> None:
        undo = [each for part in transact_items for each in kept(backend, part)]
        try:
            with transaction():
                write(backend, transact_items)
        except Exception:
            for each in undo:
                each()
            raise

    return written


@contextmanager
def transaction() -> Iterator[None]:
    token = IN_TRANSACTION.set(True)
    try:
        yield
    finally:
        IN_TRANSACTION.reset(token)


def kept(backend: DynamoDBBackend, part: Mapping[str, Any]) -> Iterator[Undo]:
    """What puts the item of one part back as it is now; nothing for a part that is about to be refused."""
    for asked in part.values():
        table = backend.tables.get(asked.get("TableName"))
        if table is not None:
            try:
                hash_key, range_key = backend.get_keys_value(table, asked.get("Key") or asked.get("Item") or {})
            except MockValidationException:
                continue
            yield put_back(table, hash_key, range_key)


def put_back(table: Table, hash_key: Any, range_key: Any) -> Undo:
    items: dict[Any, Any] = table.items if range_key is None else table.items[hash_key]
    key = hash_key if range_key is None else range_key
    before = copy.deepcopy(items.get(key))

    def undo() -> None:
        if before is None:
            items.pop(key, None)
        else:
            items[key] = before

    return undo


def table_copy(table: Table, memo: dict[int, Any]) -> Table:
    """Of a table in a transaction, itself: all that the transaction changes is undone without a copy."""
    if IN_TRANSACTION.get():
        return table
    made = copy.copy(table)
    memo[id(table)] = made
    vars(made).update(copy.deepcopy(vars(table), memo))
    return made


def picking(get_value: Callable[..., Any]) -> Callable[..., Any]:
    """An item's attributes are kept as they are sent: to try other names for their ten types was most of the work."""

    def picked(serializer: ResponseSerializer, value: Any, key: str, shape: Any) -> Any:
        if type(value) is dict and getattr(getattr(shape, "parent", None), "name", "") == "AttributeValue":
            return value.get(key)
        return get_value(serializer, value, key, shape)

    return picked
