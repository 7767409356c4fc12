"""Writing an answer, well or as badly as a fault orders."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from opencode_local.bedrock.faults import Fault, changed, mid_stream, spoilt
from opencode_local.bedrock.refusals import Dialect, response
from opencode_local.bedrock.writers import Writer

HTML = b"<html><body><h1>Sign in to the network</h1></body></html>"
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One response on its way out."""

    request: web.Request
    dialect: Dialect
    writer: Writer
    fault: Fault | None
    released: asyncio.Event
    """Ends pauses."""
    extra_headers: Mapping[str, str]

    async def send_body(self, body: bytes) -> web.StreamResponse:
        """Answers with a whole body, spoilt as ordered."""
        if (other := self._instead()) is not None:
            return other
        match self.fault:
            case Fault(kind="exception") as fault:
                return response(mid_stream(fault), self.dialect)
            case Fault(kind="drop" | "cut_frame" | "stall" | "split"):
                return await self._send_in_parts(body)
            case Fault(kind="slow_first_event"):
                await self._pause()
        return web.Response(body=spoilt(body, self.fault), content_type=JSON, headers=self.extra_headers)

    async def send_events(self, events: Sequence[bytes]) -> web.StreamResponse:
        """Answers with a stream, spoilt as ordered."""
        if (other := self._instead()) is not None:
            return other
        if self.fault is not None and self.fault.kind == "slow_first_event":
            await self._pause()
        stream = web.StreamResponse(headers={**self.writer.headers, **self.extra_headers})
        await stream.prepare(self.request)
        await self._write_events(stream, events)
        if self.fault is not None and self.fault.kind == "drop":
            return self._abort(stream)
        await stream.write_eof()
        return stream

    def _instead(self) -> web.StreamResponse | None:
        """What comes in place of any answer: a page of somebody else's, or nothing."""
        match self.fault:
            case Fault(kind="html"):
                return web.Response(body=HTML, content_type="text/html")
            case Fault(kind="drop", after_events=0):
                return self._abort(web.Response())
            case _:
                return None

    async def _write_events(self, stream: web.StreamResponse, events: Sequence[bytes]) -> None:
        match self.fault:
            case Fault(kind="split", size=size):
                await self._write_split(stream, b"".join(events), size)
            case Fault(kind="pace", events_per_s=rate):
                await self._write_paced(stream, events, rate)
            case Fault(kind="stall", after_events=count):
                await self._write(stream, events[:count])
                await self._pause()
                await self._write(stream, events[count:])
            case Fault(kind="drop", after_events=count):
                await self._write(stream, events[:count])
            case Fault() as fault:
                await self._write(stream, changed(events, fault, substitute=self._substitute(fault, events)))
            case None:
                await self._write(stream, events)

    def _substitute(self, fault: Fault, events: Sequence[bytes]) -> bytes:
        if fault.kind == "exception":
            return self.writer.error_event(mid_stream(fault))
        spoilt = events[min(fault.after_events, len(events) - 1)]
        return self.writer.broken_event(spoilt, is_corrupt=fault.kind == "corrupt")

    async def _send_in_parts(self, body: bytes) -> web.StreamResponse:
        """A body of announced length: in pieces, with a pause in the middle, or left unfinished."""
        stream = web.StreamResponse(headers={"Content-Type": JSON, "Content-Length": str(len(body))})
        await stream.prepare(self.request)
        half = len(body) // 2
        match self.fault:
            case Fault(kind="split", size=size):
                await self._write_split(stream, body, size)
            case Fault(kind="stall"):
                await stream.write(body[:half])
                await self._pause()
                await stream.write(body[half:])
            case _:
                await stream.write(body[:half])
                return self._close(stream) if self.fault and self.fault.kind == "cut_frame" else self._abort(stream)
        await stream.write_eof()
        return stream

    async def _write(self, stream: web.StreamResponse, events: Sequence[bytes]) -> None:
        if events:
            await stream.write(b"".join(events))

    async def _write_split(self, stream: web.StreamResponse, content: bytes, size: int) -> None:
        for start in range(0, len(content), size):
            await stream.write(content[start : start + size])
            await asyncio.sleep(0)

    async def _write_paced(self, stream: web.StreamResponse, events: Sequence[bytes], events_per_s: float) -> None:
        clock = asyncio.get_running_loop().time
        start = clock()
        for index, event in enumerate(events):
            await asyncio.sleep(max(0.0, start + index / events_per_s - clock()))
            await stream.write(event)

    async def _pause(self) -> None:
        seconds = self.fault.seconds if self.fault is not None else 0
        try:
            async with asyncio.timeout(seconds):
                await self.released.wait()
        except TimeoutError:
            return

    def _abort(self, stream: web.StreamResponse) -> web.StreamResponse:
        if self.request.transport is not None:
            self.request.transport.abort()
        return stream

    def _close(self, stream: web.StreamResponse) -> web.StreamResponse:
        if self.request.transport is not None:
            self.request.transport.close()
        return stream
