"""Where the bucket of releases is, and how its objects are called.

Sources: Amazon S3 user guide, "General purpose bucket naming rules" and "Virtual hosting of general purpose buckets";
botocore 1.43.117, partitions.json (read 2026-11-21).
"""

import re

NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", re.ASCII)
"""Without dots: S3's certificate covers one label before its own name."""
INSTALLER = "releases/latest/opencode-installer.zip"
"""The one object that clients of the sample gateway know."""
SUFFIXES = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("", "amazonaws.com"),
)
"""Of AWS's hosts by the start of the region's name."""


def bucket_name(text: str) -> str:
    """Of a setting. Raises ValueError."""
    if not NAME.fullmatch(text):
        raise ValueError("must be 3 to 63 lower-case letters, digits and '-'")
    return text


def bucket_url(bucket: str, region: str, endpoint_url: str | None) -> str:
    """Virtual-hosted at AWS's public name; in the path at an endpoint of one's own, which has one name."""
    if endpoint_url:
        return f"{endpoint_url}/{bucket}"
    suffix = next(suffix for start, suffix in SUFFIXES if region.startswith(start))
    return f"https://{bucket}.s3.{region}.{suffix}"


def artifact_key(version: str, name: str) -> str:
    """Neither part may hold a slash."""
    return f"releases/{version}/{name}"
