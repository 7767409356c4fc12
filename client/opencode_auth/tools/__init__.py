"""The tools that people point at the gateway: where each keeps its configuration and what goes into it."""
