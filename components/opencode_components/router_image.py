"""The router's image, built and pushed by the same program that runs it."""

import json
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx
from pulumi import Output, ResourceOptions

from opencode_components.refusals import refusal

PLATFORMS = {"ARM64": "linux/arm64", "X86_64": "linux/amd64"}
"""Docker's words for ECS's processor architectures."""
KEEP_IMAGES = 10


class RouterImageArgs(TypedDict):
    """What a RouterImage is made from."""

    context: str
    """Folder that is given to the builder. Plain: it is a place on the machine that runs the program."""
    dockerfile: str
    """File with the build's instructions. Plain, for the same reason."""
    architecture: str
    """Processor that it runs on, `ARM64` or `X86_64`. Plain, because it is checked."""
    base_image: NotRequired[str]
    """Base image by digest, instead of the one that the Dockerfile names. Plain."""
    keep_images: NotRequired[int]
    """How many images the repository keeps, the newest. Plain, because it is checked. Default 10."""
    deletion_protection: NotRequired[bool]
    """Whether the repository and its images survive a destroy. Plain. Default true."""


class RouterImage(pulumi.ComponentResource):
    """A private repository, and in it an image that is rebuilt when its sources change.

    Each build gets the same tag, which bears the component's name, because the tag has to be known before the sources
    are read. That one tag may move; any other is immutable. What runs is named by digest, which cannot move.

    Raises ValueError on args that cannot be, each with its key, value, reason and fix.
    """

    image_uri: Output[str]
    """The image by digest, `...amazonaws.com/name@sha256:...`."""
    repository_name: Output[str]
    """Name of the repository."""
    repository_arn: Output[str]
    """ARN of the repository."""

    def __init__(self, name: str, args: RouterImageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("opencode_components:index:RouterImage", name, {**args}, opts)
        of_self = ResourceOptions(parent=self)
        is_protected = args.get("deletion_protection", True)
        platform = checked_platform(args["architecture"])
        keep_images = checked_count(int(args.get("keep_images", KEEP_IMAGES)))

        repository = aws.ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
            image_tag_mutability_exclusion_filters=[
                aws.ecr.RepositoryImageTagMutabilityExclusionFilterArgs(filter=name, filter_type="WILDCARD")
            ],
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")],
            force_delete=not is_protected,
            opts=ResourceOptions.merge(of_self, ResourceOptions(protect=is_protected)),
        )
        aws.ecr.LifecyclePolicy(name, repository=repository.name, policy=lifecycle_policy(keep_images), opts=of_self)
        image = awsx.ecr.Image(
            name,
            repository_url=repository.repository_url,
            context=args["context"],
            dockerfile=args["dockerfile"],
            platform=platform,
            args={"BASE_IMAGE": args["base_image"]} if "base_image" in args else {},
            image_tag=name,
            opts=of_self,
        )

        self.image_uri = image.image_uri
        self.repository_name = repository.name
        self.repository_arn = repository.arn
        self.register_outputs(
            {
                "image_uri": self.image_uri,
                "repository_name": self.repository_name,
                "repository_arn": self.repository_arn,
            }
        )


def checked_platform(architecture: str) -> str:
    if architecture not in PLATFORMS:
        fix = f"use one of {', '.join(PLATFORMS)}"
        raise refusal("architecture", architecture, reason="is none that Fargate has", fix=fix)
    return PLATFORMS[architecture]


def checked_count(keep_images: int) -> int:
    if keep_images < 1:
        fix = "keep one image at least: the one that runs"
        raise refusal("keep_images", keep_images, reason="would leave nothing to run", fix=fix)
    return keep_images


def lifecycle_policy(keep_images: int) -> str:
    """The newest images stay.

    Source: Amazon ECR user guide, "Lifecycle policy properties" (read 2026-11-21).
    """
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": keep_images}
    rule = {
        "rulePriority": 1,
        "description": "old images",
        "selection": selection,
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})
