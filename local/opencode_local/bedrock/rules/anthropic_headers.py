"""The version and the betas that a caller of Claude on Bedrock may ask for.

Source: Anthropic documentation, "Versions" (2026-10-21 is on Bedrock for Claude 4.7 and later, and knows no sampling
parameters; read 2026-11-21). The betas are a selection: Bedrock publishes no complete list.
"""

from collections.abc import Mapping
from typing import Any

from opencode_local.bedrock.prompt import Json
from opencode_local.bedrock.refusals import invalid
from opencode_local.bedrock.rules.claude import generation

FIRST_VERSION = "2023-06-01"
SECOND_VERSION = "2026-10-21"
INVOKE_VERSION = "bedrock-2023-05-31"
SECOND_VERSION_SINCE = (4, 7)
SAMPLING = ("temperature", "top_p", "top_k")
BETAS = frozenset(
    {
        "claude-code-20250219",
        "compact-2026-01-12",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "dev-full-thinking-2025-05-14",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "output-128k-2025-02-19",
        "prompt-caching-scope-2026-01-05",
        "structured-outputs-2025-11-13",
        "thinking-binding-controls-2026-08-01",
        "thinking-display-updates-2026-08-18",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
    }
)


def check_version(headers: Mapping[str, str], body: Json, model_id: str) -> None:
    """Raises Refused when neither header nor body says which version, or the model does not have it."""
    version: Any = headers.get("anthropic-version") or body.get("anthropic_version")
    if version is None:
        raise invalid("anthropic-version: header is required")
    if version not in (FIRST_VERSION, SECOND_VERSION, INVOKE_VERSION):
        raise invalid(f"anthropic-version: {version!r} is not a valid version")
    if version == SECOND_VERSION:
        if generation(model_id) < SECOND_VERSION_SINCE:
            raise invalid(f"anthropic-version: {version!r} is not supported for this model")
        for name in SAMPLING:
            if body.get(name) is not None:
                raise invalid(f"{name}: Extra inputs are not permitted")


def check_betas(headers: Mapping[str, str], body: Json) -> None:
    """Raises Refused for a beta that Bedrock does not know."""
    named = [beta.strip() for beta in headers.get("anthropic-beta", "").split(",")]
    listed: Any = body.get("anthropic_beta") or []
    if not isinstance(listed, list):
        raise invalid("anthropic_beta: Input should be a valid list")
    if any(beta not in BETAS for beta in (*filter(None, named), *listed)):
        raise invalid("invalid beta flag")
