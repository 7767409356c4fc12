"""The function that browsers ask; everything is built once, when Lambda loads it."""

import os
import time
from typing import Any

from served_site.aws_clients import client, s3_client
from served_site.fetched import fetched
from share_sessions.reading import Shares
from share_sessions.settings import viewer_settings
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table
from share_sessions.tickets import Tickets
from share_sessions.viewer_site import viewer_site

SETTINGS = viewer_settings(os.environ)
DYNAMODB = client("dynamodb", os.environ)
SHARES = Shares(
    Table(DYNAMODB, SETTINGS.store.table), Snapshots(s3_client(os.environ), SETTINGS.store.bucket), time.time
)
SITE = viewer_site(SETTINGS, SHARES, Tickets(DYNAMODB, SETTINGS.store.table, time.time), fetched, time.time)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A load balancer's event in, its answer out. Idempotent but for the ticket that comes with each state."""
    return SITE.serve(event)
