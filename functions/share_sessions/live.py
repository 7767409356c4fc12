"""The function behind the WebSocket API; everything is built once, when Lambda loads it."""

import os
import time
from collections.abc import Mapping
from typing import Any

from served_site.aws_clients import client, s3_client
from served_site.settings import needed
from share_sessions.connections import Connections
from share_sessions.reading import Shares
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from share_sessions.tickets import Tickets
from share_sessions.watching import Watching

TABLE, DYNAMODB = needed(os.environ, "TABLE"), client("dynamodb", os.environ)
SHARES = Shares(Table(DYNAMODB, TABLE), Snapshots(s3_client(os.environ), needed(os.environ, "BUCKET")), time.time)
WATCHING = Watching(SHARES, Tickets(DYNAMODB, TABLE, time.time), Connections(DYNAMODB, TABLE, time.time))


def handler(event: dict[str, Any], _context: object) -> Mapping[str, Any]:
    """API Gateway's event of a connection in, the status of its handshake out. A ticket is good for one."""
    return WATCHING.answer(event)
