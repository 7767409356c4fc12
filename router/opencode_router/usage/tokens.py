"""How many tokens of each kind one request used."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Counts that never overlap: the prompt is `input + cache_read + cache_write_5m + cache_write_1h`."""

    input: int = 0
    """Prompt tokens neither read from nor written to a cache."""
    output: int = 0
    """Everything the model wrote, reasoning included."""
    reasoning: int = 0
    """The part of `output` that was reasoning, where the upstream says so."""
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    is_estimate: bool = False
    """True when the upstream did not report the counts before the end."""

    @property
    def cache_write(self) -> int:
        return self.cache_write_5m + self.cache_write_1h

    @property
    def prompt(self) -> int:
        return self.input + self.cache_read + self.cache_write

    @property
    def total(self) -> int:
        return self.prompt + self.output
