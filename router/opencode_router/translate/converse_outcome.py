"""How a Converse answer ended and what it used, in our words.

Source: Amazon Bedrock API reference, "Converse" (`stopReason`) and "TokenUsage" (read 2026-11-21).
"""

from collections.abc import Mapping

import msgspec

from opencode_router.errors import UpstreamFailed
from opencode_router.usage.tokens import Tokens
from opencode_router.wire.converse_events import Response, TokenUsage, decode_response

CHARACTERS_PER_TOKEN = 4
"""Of English text and code, roughly; for estimates only."""


def read_response(body: bytes) -> Response:
    """A whole answer. Raises UpstreamFailed when it is not one."""
    try:
        return decode_response(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamFailed("the model's answer could not be read") from error


def ending(stop_reasons: Mapping[str, str], stop_reason: str, *, calls_tools: bool) -> str:
    """The entry of a protocol's table for `stop_reason`.

    An answer that calls tools has ended for them, also where a model reports `end_turn`: agents only run the tools when
    told so. Raises UpstreamFailed for a reason that the table leaves out: neither protocol has a word for malformed
    output, and every word it does have would pass it off as an answer.
    """
    reason = "tool_use" if calls_tools and stop_reason == "end_turn" else stop_reason
    if reason not in stop_reasons:
        raise UpstreamFailed(f"the model stopped for the reason {stop_reason!r} and its answer cannot be used")
    return stop_reasons[reason]


def tokens(usage: TokenUsage) -> Tokens:
    """Exact counts; cache writes of unknown lifetime count as the default one, 5 minutes."""
    details = usage.cache_details or ()
    write_1h = sum(detail.input_tokens for detail in details if detail.ttl == "1h")
    written = max(usage.cache_write_input_tokens or 0, sum(detail.input_tokens for detail in details))
    return Tokens(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cache_read=usage.cache_read_input_tokens or 0,
        cache_write_5m=written - write_1h,
        cache_write_1h=write_1h,
    )


def estimate(output_characters: int) -> Tokens:
    """What is known of an answer that nobody counted: at least one token when anything was written."""
    return Tokens(output=-(-output_characters // CHARACTERS_PER_TOKEN), is_estimate=True)
