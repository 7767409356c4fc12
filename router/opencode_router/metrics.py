"""Prometheus metrics, served on a port of their own.

Labels never hold a caller: their number must stay small.
"""

from functools import cache

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from opencode_router.usage.record import UsageRecord

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)


class Metrics:
    """All metrics of one router process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.responses = Counter("router_responses", "Responses sent", ["route", "status"], registry=self.registry)
        self.requests = Counter(
            "router_model_requests", "Settled model requests", ["model", "surface", "outcome"], registry=self.registry
        )
        self.tokens = Counter("router_tokens", "Tokens settled", ["model", "kind"], registry=self.registry)
        self.cost = Counter("router_cost_micro_usd", "Cost settled, micro-dollars", ["model"], registry=self.registry)
        self.first_byte = Histogram(
            "router_first_byte_seconds", "Until the first byte left", registry=self.registry, buckets=SECONDS
        )
        self.duration = Histogram(
            "router_model_request_seconds", "Until a request settled", registry=self.registry, buckets=SECONDS
        )
        self.open_calls = Gauge("router_open_calls", "Upstream calls open now", registry=self.registry)
        self.ledger_backlog = Gauge("router_ledger_backlog", "Usage records not yet written", registry=self.registry)
        # labels() looks a child up under a lock, by text; what it found stays the same
        self._responses_of = cache(self.responses.labels)
        self._requests_of = cache(self.requests.labels)
        self._tokens_of = cache(self.tokens.labels)
        self._cost_of = cache(self.cost.labels)
        self.ledger_failures = Counter("router_ledger_failures", "Failed usage writes", registry=self.registry)

    def responded(self, route: str, status: int) -> None:
        self._responses_of(route, status).inc()

    def settled(self, record: UsageRecord) -> None:
        self._requests_of(record.model, record.surface, record.outcome).inc()
        self._cost_of(record.model).inc(record.cost_micro_usd)
        tokens = record.tokens
        for kind, count in (
            ("input", tokens.input),
            ("output", tokens.output),
            ("cache_read", tokens.cache_read),
            ("cache_write", tokens.cache_write),
        ):
            if count:
                self._tokens_of(record.model, kind).inc(count)
        self.duration.observe(record.duration_ms / 1000)
        if record.first_byte_ms is not None:
            self.first_byte.observe(record.first_byte_ms / 1000)


def metrics_app(metrics: Metrics) -> web.Application:
    async def exposition(request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/metrics", exposition)
    return app
