"""The load generator: `python -m bench.load`; orders in, results out, until its input ends."""

import asyncio
import sys

import msgspec
import uvloop

from bench.closed_loop import run_closed_loop
from bench.open_streams import run_open_streams
from bench.orders import ClosedLoop, Delays, Loop, OpenStreams

ORDER = msgspec.json.Decoder(ClosedLoop | OpenStreams)


async def carried_out(order: ClosedLoop | OpenStreams) -> Loop | Delays:
    if isinstance(order, ClosedLoop):
        return await run_closed_loop(order)
    return await run_open_streams(order)


def main() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin.buffer:
            result = runner.run(carried_out(ORDER.decode(line)))
            sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
