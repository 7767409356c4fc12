"""How much is taken: of an item, a batch, a share, a writer and an owner."""

ITEM_BYTES = 700_000
"""Of JSON."""
BATCH_BYTES = 900_000
"""Of a request's body: a load balancer hands 1 MB at most to a function.

Source: Application Load Balancer user guide, "Lambda functions as targets" (read 2026-11-21).
"""
BATCH_ITEMS = 1_000
SHARE_BYTES = 50_000_000
SHARE_ITEMS = 20_000
WINDOW_S = 10
WINDOW_BATCHES = 30
"""Of one share, in every 10 s since the epoch."""
LIVE_SHARES = 100
"""Of one owner."""
PEOPLE = 100
EXPIRY_HOURS = range(1, 2_161)
DEFAULT_EXPIRY_HOURS = 168
ANSWER_BYTES = 700_000
"""Of JSON in an answer: with what Base64 adds it stays below the 1 MB that a load balancer takes."""
COMPACTED_EVENTS = 64
COMPACTED_BYTES = 1_000_000
"""After a snapshot; with more than either, the writer makes the next."""
