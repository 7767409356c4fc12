"""`python -m opencode_local.bedrock --port N`: the stand-in alone, until Ctrl-C."""

import argparse
import asyncio

from opencode_local.bedrock import BedrockStandIn

DEFAULT_PORT = 8788


async def serve(port: int, pace_events_per_s: float | None) -> None:
    stand_in = BedrockStandIn(pace_events_per_s=pace_events_per_s)
    print(f"Bedrock stand-in on {await stand_in.start(port=port)}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await stand_in.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m opencode_local.bedrock", description="A strict local Bedrock")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--pace-events-per-s", type=float, default=None, help="stream at this rate (default: at once)")
    arguments = parser.parse_args()
    try:
        asyncio.run(serve(arguments.port, arguments.pace_events_per_s))
    except KeyboardInterrupt:
        return


main()
