"""A Distribution on a listener as a program would declare it."""

from collections.abc import Callable
from typing import Any

import pulumi

from opencode_components.distribution import Distribution, DistributionArgs
from tests.components.served_host_program import host_args

HOST = "downloads.example.com"
BUCKET = "arn:aws:s3:::dev-releases"


def distribution(**changes: Any) -> Callable[[], None]:
    def program() -> None:
        args = {
            **host_args(HOST),
            "bucket_name": "dev-releases",
            "bucket_arn": BUCKET,
            "release_keys": ["first-key", "second-key"],
            "archive": pulumi.AssetArchive({"serve_downloads/__init__.py": pulumi.StringAsset("")}),
            **changes,
        }
        # Whatever a test changes is an arg of the component: it is the component that checks.
        site = Distribution("dev-site", DistributionArgs(**args))  # type: ignore[typeddict-item]
        for output in Distribution.__annotations__:
            pulumi.export(output, getattr(site, output))

    return program
