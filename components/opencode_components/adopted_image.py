"""An image of the router that exists already."""

import re
from typing import TypedDict

import pulumi
from pulumi import Output, ResourceOptions

from opencode_components.partitions import partition
from opencode_components.refusals import refusal

IMAGE_URI = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?"
    r"/(?P<repository>[a-z0-9][a-z0-9._/-]*)(:[\w.-]{1,128})?@sha256:[0-9a-f]{64}",
    re.ASCII,
)
"""A private ECR repository, perhaps a tag, and a digest.

Source: Amazon ECR user guide, "Amazon ECR private registry" and "Pulling an image" (read 2026-11-21).
"""


class AdoptedImageArgs(TypedDict):
    """What an AdoptedImage is made from."""

    image_uri: str
    """An image in a private ECR repository, by digest. Plain, because the repository's name and ARN are read off it."""


class AdoptedImage(pulumi.ComponentResource):
    """An image that was built elsewhere, with the same outputs as a RouterImage.

    Raises ValueError when it is not in a private ECR repository or is named without a digest: a tag may mean another
    image tomorrow.
    """

    image_uri: Output[str]
    """The image by digest."""
    repository_name: Output[str]
    """Name of its repository."""
    repository_arn: Output[str]
    """ARN of its repository."""

    def __init__(self, name: str, args: AdoptedImageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:AdoptedImage", name, {**args}, opts)
        repository_name, repository_arn = repository_of(args["image_uri"])

        self.image_uri = Output.from_input(args["image_uri"])
        self.repository_name = Output.from_input(repository_name)
        self.repository_arn = Output.from_input(repository_arn)
        self.register_outputs(
            {
                "image_uri": self.image_uri,
                "repository_name": self.repository_name,
                "repository_arn": self.repository_arn,
            }
        )


def repository_of(image_uri: str) -> tuple[str, str]:
    """Name and ARN."""
    found = IMAGE_URI.fullmatch(image_uri)
    if not found:
        raise refusal(
            "image_uri",
            image_uri,
            reason="is no image in a private ECR repository by digest",
            fix="write it like 111122223333.dkr.ecr.us-east-1.amazonaws.com/router@sha256:<64 hexadecimal digits>",
        )
    region, account_id, repository = found["region"], found["account"], found["repository"]
    return repository, f"arn:{partition(region)}:ecr:{region}:{account_id}:repository/{repository}"
