"""The viewer's function, and the one behind the WebSocket API, as browsers ask them."""

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from served_site.serving import Route, Site
from share_sessions.connections import Connections
from share_sessions.settings import viewer_settings
from share_sessions.tickets import Tickets
from share_sessions.viewer_site import viewer_site
from share_sessions.watching import Watching
from tests.functions.load_balancer import ARN, CLIENT_ID, DATA, ISSUER, Balancer, event
from tests.functions.sharing.conftest import CALLERS, TABLE, Made, Sharing
from tests.functions.sharing.reader import Reader

LIVE_URL = "wss://abc123.execute-api.eu-central-1.amazonaws.com/live"
NO_QUERY: Mapping[str, str] = MappingProxyType({})


@dataclass
class Viewing:
    """The viewer's function, and the one behind the WebSocket API, beside the one that writes."""

    writing: Sharing
    balancer: Balancer = field(default_factory=Balancer)
    tells_groups: bool = True
    """Whether the issuer does in the claims that the load balancer signs."""

    def __post_init__(self) -> None:
        signer = {"SIGNER_ARN": ARN, "SIGNER_KEYS_URL": "https://keys.example.com"}
        about = {**signer, "CLIENT_ID": CLIENT_ID, "ISSUER": ISSUER, "LIVE_URL": LIVE_URL}
        settings = viewer_settings({**self.writing.world.environment, **about, **self.writing.changes})
        client, shares = self.writing.world.clients.dynamodb, self.writing.shares
        tickets = Tickets(client, TABLE, self._clock)
        self._site: Site = viewer_site(settings, shares, tickets, self._fetch, self._clock)
        self._watching = Watching(shares, tickets, Connections(client, TABLE, self._clock))

    def get(
        self, path: str, *, by: str | None = None, method: str = "GET", data: str | None = None, **query: str
    ) -> dict[str, Any]:
        """The answer, with each header once, and its body as text."""
        return self.answer(path, {DATA: self.signed_in(by) if by else data}, method, query)

    def answer(
        self, path: str, headers: Mapping[str, str | None], method: str = "GET", query: Mapping[str, str] = NO_QUERY
    ) -> dict[str, Any]:
        asked = event("browser", path, method=method, headers=headers)
        asked["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()}
        answer = self._site.serve(asked)
        assert len(json.dumps(answer)) < 1_000_000, "more than a load balancer takes"
        body = b64decode(answer["body"]).decode() if answer["isBase64Encoded"] else answer["body"]
        return {
            **answer,
            "headers": {name: found for name, [found] in answer["multiValueHeaders"].items()},
            "body": body,
        }

    def signed_in(self, by: str) -> str:
        caller: Mapping[str, Any] = CALLERS[by]
        subject = f"{caller['id']}-{self.writing.generation}"
        claims = {name: caller[name] for name in ("name", "email", *(["groups"] if self.tells_groups else []))}
        return self.balancer.data(self.writing.now_s, sub=subject, **claims)

    def state(self, share: Made, *, by: str = "ada", **query: str) -> Any:
        answer = self.get(f"/share/{share.id}/state", by=by, **query)
        assert answer["statusCode"] == 200, answer["body"]
        return json.loads(answer["body"])

    def reader(self, share: Made) -> Reader:
        async def ask(query: str) -> Any:
            return self.state(share, **dict(pair.split("=") for pair in query.split("&")))

        return Reader(ask)

    def connect(self, ticket: str, id_: str = "one=") -> int:
        context = {"eventType": "CONNECT", "connectionId": id_}
        answer = self._watching.answer({"requestContext": context, "queryStringParameters": {"ticket": ticket}})
        return int(answer["statusCode"])

    def disconnect(self, id_: str = "one=") -> int:
        answer = self._watching.answer({"requestContext": {"eventType": "DISCONNECT", "connectionId": id_}})
        return int(answer["statusCode"])

    @property
    def routes(self) -> Sequence[Route]:
        return self._site.routes

    def _clock(self) -> float:
        return self.writing.now_s

    def _fetch(self, url: str, at_most_bytes: int, headers: Mapping[str, str] | None = None) -> bytes:
        if url == f"https://keys.example.com/{self.balancer.key_id}":
            return self.balancer.public_key
        return self.writing.gateway(url, at_most_bytes, headers)
