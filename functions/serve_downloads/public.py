"""The function that anyone may ask; everything is built once, when Lambda loads it."""

import os
import time
from typing import Any

from serve_downloads.bucket import Bucket
from serve_downloads.public_site import public_site
from serve_downloads.settings import public_settings
from served_site.aws_clients import s3_client

SETTINGS = public_settings(os.environ)
SITE = public_site(SETTINGS, Bucket(s3_client(os.environ), SETTINGS.bucket), time.time)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A load balancer's event in, its answer out. Idempotent."""
    return SITE.serve(event)
