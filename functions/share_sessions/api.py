"""The function that agents and the command line ask; everything is built once, when Lambda loads it."""

import os
import time
from typing import Any

from served_site.aws_clients import client, s3_client
from served_site.fetched import fetched
from share_sessions.api_site import Clients, api_site
from share_sessions.live_posts import live_posts
from share_sessions.reading import Shares
from share_sessions.settings import api_settings
from share_sessions.snapshots import Snapshots
from share_sessions.table import Table

SETTINGS = api_settings(os.environ)
CLIENTS = Clients(dynamodb=client("dynamodb", os.environ), s3=s3_client(os.environ))
SHARES = Shares(Table(CLIENTS.dynamodb, SETTINGS.store.table), Snapshots(CLIENTS.s3, SETTINGS.store.bucket), time.time)
LIVE = live_posts(os.environ, SETTINGS, SHARES)
SITE = api_site(SETTINGS, CLIENTS, LIVE, fetched, time.time)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A load balancer's event in, its answer out.

    A batch that is sent again is written again and changes nothing: its version is the same.
    """
    return SITE.serve(event)
