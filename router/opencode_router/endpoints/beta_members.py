"""Betas, and members of a Messages body that live by one, where Bedrock differs from Anthropic's own API."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import msgspec
from msgspec import Raw

from opencode_router.endpoints.envelope import Envelope, member

EAGER_FLAG = "eager_input_streaming"
EAGER_BETA = "fine-grained-tool-streaming-2025-05-14"
"""What Bedrock has instead of the flag on each tool, which it refuses with and without the beta.

Source: github.com/vercel/ai pull request 17179, which tried all four on InvokeModel (read 2026-11-21).
"""
ON_BEDROCK = {"advanced-tool-use-2025-11-20": "tool-search-tool-2025-10-19"}
"""Bedrock's own name of a beta. Source: docs.litellm.ai/docs/tutorials/claude_code_beta_headers (read 2026-11-21)."""
OWNED = {"context-management-2025-06-27": "context_management"}
"""Members that are refused without their beta.

Source: github.com/Wei-Shaw/sub2api issue 2726 (read 2026-11-21).
"""


def split(betas: Sequence[str], known: Collection[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Those that Bedrock knows for the model, by its own names, and those that are left behind."""
    kept = [name for beta in betas if (name := ON_BEDROCK.get(beta, beta)) in known]
    return kept, [beta for beta in betas if ON_BEDROCK.get(beta, beta) not in known]


def with_plain_tools(envelope: Envelope) -> tuple[Envelope, Sequence[str]]:
    """The envelope without the tools' flags, and the betas that stand for them. Raises BadRequest naming `tools`."""
    if EAGER_FLAG.encode() not in bytes(envelope.members.get("tools", Raw())):
        return envelope, ()
    tools = member(envelope.members, "tools", list[dict[str, Raw]]) or ()
    plain = [{name: value for name, value in tool.items() if name != EAGER_FLAG} for tool in tools]
    is_eager = any(bytes(tool.get(EAGER_FLAG, Raw())) == b"true" for tool in tools)
    changed = replace(envelope, members={**envelope.members, "tools": Raw(msgspec.json.encode(plain))})
    return changed, (EAGER_BETA,) if is_eager else ()


def orphans(dropped: Sequence[str]) -> Mapping[str, None]:
    """What goes out of the body with the betas that were dropped."""
    return {OWNED[beta]: None for beta in dropped if beta in OWNED}
