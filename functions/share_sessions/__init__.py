"""Shares of agent sessions: what agents send to them, and what people see of them, as it happens."""
