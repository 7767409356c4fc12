"""Prompt caching as Bedrock bills it: what a cache point wrote once is read by every later prompt that starts alike.

The counts are those of botocore's TokenUsage (1.43, 2026-11-21). Simpler than Bedrock: entries stay until they are
cleared, and a prefix of any length can be cached.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from opencode_local.bedrock.prompt import Prompt
from opencode_local.bedrock.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one exchange; the parts of the prompt do not overlap."""

    input: int
    cache_read: int = 0
    cache_write: Mapping[str, int] = field(default_factory=dict)
    """Tokens by the lifetime of the entry they went to: "5m", "1h"."""
    output: int = 0
    reasoning: int = 0

    @property
    def written(self) -> int:
        return sum(self.cache_write.values())

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read + self.written

    @property
    def total(self) -> int:
        return self.prompt + self.output


@dataclass(slots=True)
class PromptCache:
    """Every prefix that a cache point has written."""

    prefixes: set[str] = field(default_factory=set)

    def usage(self, prompt: Prompt, script: Script) -> Usage:
        """Bills the exchange and remembers its cache points."""
        read, written = self._look_up(prompt)
        return Usage(
            input=prompt.tokens - read - sum(written.values()),
            cache_read=read,
            cache_write=written,
            output=script.tokens,
            reasoning=script.reasoning_tokens,
        )

    def _look_up(self, prompt: Prompt) -> tuple[int, Mapping[str, int]]:
        """Tokens read, and tokens written by lifetime. What follows the last cache point is neither."""
        points = [index for index, piece in enumerate(prompt.pieces) if piece.cache_ttl is not None]
        digest = sha256(prompt.model_id.encode())
        read = unwritten = 0
        written: dict[str, int] = {}
        for index in range(points[-1] + 1 if points else 0):
            piece = prompt.pieces[index]
            digest.update(b"\0" + piece.text.encode(errors="surrogatepass"))
            unwritten += piece.tokens
            prefix = digest.hexdigest()
            if prefix in self.prefixes:
                read, unwritten, written = read + sum(written.values()) + unwritten, 0, {}
            elif piece.cache_ttl is not None:
                written = {**written, piece.cache_ttl: written.get(piece.cache_ttl, 0) + unwritten}
                unwritten = 0
                self.prefixes.add(prefix)
        return read, written
