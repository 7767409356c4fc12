"""Who comes to watch a share, and who has left."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from served_site.problems import Problem
from served_site.serving import frames
from share_sessions.connections import Connections
from share_sessions.reading import Shares
from share_sessions.tickets import NoTicket, Tickets, access_text

Event = Mapping[str, Any]
"""Source: API Gateway developer guide, "Set up a WebSocket API integration request" (read 2026-11-21)."""


class Watching:
    """An answer other than 200 to `$connect` is that of the handshake, and there is no connection then.

    Source: API Gateway developer guide, "Manage connected users and client apps: $connect and $disconnect routes" (read
    2026-11-21).
    """

    def __init__(self, shares: Shares, tickets: Tickets, connections: Connections) -> None:
        self._shares, self._tickets, self._connections = shares, tickets, connections
        self._kinds: Mapping[str, Callable[[str, Event], None]] = {
            "CONNECT": self._connect,
            "DISCONNECT": self._disconnect,
        }

    def answer(self, event: Event) -> Mapping[str, Any]:
        """Never raises."""
        told: dict[str, Any] = {}
        context = event["requestContext"]
        try:
            self._kinds[context["eventType"]](context["connectionId"], event)
            status = 200
        except Problem as problem:
            status, told = problem.status, {"why": type(problem).__name__}
        except Exception as error:  # the last resort: what a browser is told is no more than that it may try again
            status, told = Problem.status, {"error": type(error).__name__, "frames": frames(error)}
        print(json.dumps({"route": f"${context['eventType'].lower()}", "status": status, **told}))
        return {"statusCode": status}

    def _connect(self, connection_id: str, event: Event) -> None:
        """Nobody watches a share that ended, or was closed to them, since the ticket was written.

        The connection is written before the share is read: who deletes or closes a share does so before they look for
        its connections, so that one of the two sees the other. Raises NoTicket, and what finding the share raises.
        """
        redeemed = self._tickets.redeem((event.get("queryStringParameters") or {}).get("ticket", ""))
        self._connections.add(
            redeemed.share_id, connection_id, access=redeemed.access, share_ends_s=redeemed.share_ends_s
        )
        try:
            if access_text(self._shares.find(redeemed.share_id)) != redeemed.access:
                raise NoTicket
        except Problem:
            self._connections.end(connection_id)
            raise

    def _disconnect(self, connection_id: str, _event: Event) -> None:
        self._connections.end(connection_id)
