"""The function behind the load balancer's sign-in; everything is built once, when Lambda loads it."""

import os
import time
from typing import Any

from serve_downloads.bucket import Bucket
from serve_downloads.settings import page_settings
from serve_downloads.signed_in_site import signed_in_site
from served_site.aws_clients import s3_client
from served_site.fetched import fetched

SETTINGS = page_settings(os.environ)
SITE = signed_in_site(SETTINGS, Bucket(s3_client(os.environ), SETTINGS.public.bucket), fetched, time.time)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A load balancer's event in, its answer out. Reading is idempotent but for the code that each page view mints."""
    return SITE.serve(event)
