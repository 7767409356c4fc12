"""The static upstream: `python -m bench.upstream PORT`, its facts as JSON on standard input.

It plays everything the gateway talks to, from answers rendered beforehand, so that it is never what limits a figure:
Bedrock in three protocols, the identity provider, and the two DynamoDB tables (moto writes about 1,500 items a second
with a whole core, fewer than the gateway settles requests).
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec
import uvloop

from bench import answers
from bench.http1 import END_OF_HEAD, body_length, response
from bench.pacing import PacedStream, paced_stream

WRITTEN_PATH = "/written"
"""GET: how many usage records the table has been given."""
PUT = b'"PutRequest"'

Writes = Sequence[bytes]
Answer = Callable[[bytes, bytes], Writes]
"""Head and body of a request to the writes of its response."""


class Facts(msgspec.Struct, kw_only=True):
    """What the identity provider and the table of keys know."""

    issuer: str
    jwks: dict[str, object]
    key_hash: str
    key_item: dict[str, object]
    """In DynamoDB's wire shape."""


class Tables:
    """DynamoDB as far as the gateway uses it while it serves. Source: DynamoDB API reference (read 2026-11-21)."""

    def __init__(self, facts: Facts) -> None:
        self.records_written = 0
        self._key_hash = facts.key_hash.encode()
        self._key = [response(msgspec.json.encode({"Item": facts.key_item}))]
        self._nothing = [response(b"{}")]
        self._all_written = [response(b'{"UnprocessedItems":{}}')]

    def answer(self, head: bytes, body: bytes) -> Writes:
        if b".BatchWriteItem" in head:
            self.records_written += body.count(PUT)
            return self._all_written
        return self._key if b".GetItem" in head and self._key_hash in body else self._nothing

    def written(self, _head: bytes, _body: bytes) -> Writes:
        return [response(str(self.records_written).encode())]


def answering(facts: Facts) -> Mapping[str, Answer]:
    """By the last part of the path."""
    tables = Tables(facts)
    discovery = {"issuer": facts.issuer, "jwks_uri": f"{facts.issuer}/jwks"}
    return {
        "completions": streamed_or_whole(answers.chat_stream(), answers.chat_answer()),
        "messages": streamed_or_whole(answers.messages_stream(), answers.messages_answer()),
        "converse-stream": always(*answers.converse_stream()),
        "converse": always(answers.converse_answer()),
        "openid-configuration": always(response(msgspec.json.encode(discovery))),
        "jwks": always(response(msgspec.json.encode(facts.jwks))),
        "models": always(response(b'{"object":"list","data":[]}')),
        "written": tables.written,
        "": tables.answer,
    }


def always(*writes: bytes) -> Answer:
    return lambda _head, _body: writes


def streamed_or_whole(stream: Writes, answer: bytes) -> Answer:
    whole = (answer,)
    return lambda _head, body: stream if b'"stream":true' in body else whole


class UpstreamConnection(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other."""

    def __init__(self, answer_of: Mapping[str, Answer]) -> None:
        self._answer_of = answer_of
        self._held = bytearray()
        self._transport: asyncio.Transport
        self._stream: PacedStream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._stream is not None:
            self._stream.stop()

    def data_received(self, data: bytes) -> None:
        self._held += data
        head_end = self._held.find(END_OF_HEAD) + len(END_OF_HEAD)
        if head_end < len(END_OF_HEAD):
            return
        head = bytes(self._held[:head_end])
        if len(self._held) >= head_end + body_length(head):
            body = bytes(self._held[head_end:])
            self._held.clear()
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        self._stream = paced_stream(body, self._transport)
        if self._stream is not None:
            self._stream.start()
            return
        path = head.split(b" ", 2)[1].decode()
        for data in self._answer_of[path.rpartition("/")[2]](head, body):
            self._transport.write(data)


async def serve(port: int, facts: Facts) -> None:
    answer_of = answering(facts)
    server = await asyncio.get_running_loop().create_server(
        lambda: UpstreamConnection(answer_of), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


def main() -> None:
    facts = msgspec.json.decode(sys.stdin.buffer.readline(), type=Facts)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1]), facts))


if __name__ == "__main__":
    main()
