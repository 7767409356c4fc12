"""ECR repositories."""

import json
from typing import Any

import pytest

from tests.local.provider.declaring import Program, Refused
from tests.local.provider.round_trip import leaves_nothing, lives_and_changes

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
IMMUTABLE = {
    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
    "imageTagMutabilityExclusionFilters": [{"filter": "router", "filterType": "WILDCARD"}],
}


def keeping(count: int, **change: Any) -> str:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    rule = {"rulePriority": 1, "description": "old images", "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [{**rule, **change}]})


def push(program: Program, name: str) -> None:
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 1, "digest": "sha256:" + "0" * 64}
    text = json.dumps({**manifest, "config": config})
    program.client("ecr").put_image(repositoryName=name, imageManifest=text, imageTag="router")


def test_a_repository_changes_in_place_and_leaves_nothing(program: Program) -> None:
    encrypted = {"encryptionConfigurations": [{"encryptionType": "AES256"}]}
    repository = program.declare(
        REPOSITORY, **IMMUTABLE, **encrypted, imageScanningConfiguration={"scanOnPush": True}, forceDelete=True
    )

    changed = ["forceDelete", "imageScanningConfiguration", "imageTagMutability", "tags"]
    changed.append("imageTagMutabilityExclusionFilters")
    repository = lives_and_changes(
        program,
        repository,
        dict.fromkeys(changed),
        **encrypted,
        imageTagMutability="IMMUTABLE",
        tags={"Name": "router"},
    )

    assert repository["repositoryUrl"].endswith(f".dkr.ecr.us-east-1.amazonaws.com/{repository.id}")
    assert repository["registryId"] == program.aws.account_id
    assert program.plan(repository, imageTagMutability="IMMUTABLE", tags={"Name": "router"}, name="other", **encrypted)[
        "name"
    ]
    leaves_nothing(program, repository)


@pytest.mark.parametrize("is_forced", [True, False])
def test_a_repository_with_images_is_removed_by_force_only(program: Program, is_forced: bool) -> None:
    repository = program.declare(REPOSITORY, forceDelete=is_forced)
    push(program, repository.id)

    if is_forced:
        leaves_nothing(program, repository)
    else:
        with pytest.raises(Refused, match="RepositoryNotEmptyException"):
            program.remove(repository)


def test_tags_that_are_made_mutable_by_hand_show(program: Program) -> None:
    repository = program.declare(REPOSITORY, imageTagMutability="IMMUTABLE")
    program.client("ecr").put_image_tag_mutability(repositoryName=repository.id, imageTagMutability="MUTABLE")

    assert program.drift(repository) == {"imageTagMutability": "MUTABLE"}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"name": "Router"}, "regular expression"),
        ({"name": "r"}, "greater than or equal to 2"),
        ({"imageTagMutability": "FIXED"}, "enum value set"),
        ({"encryptionConfigurations": [{"encryptionType": "ROT13"}]}, "enum value set"),
        ({"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "none"}]}, "does not exist"),
        ({"encryptionConfigurations": [{"encryptionType": "AES256"}] * 2}, "no more than one"),
        ({"imageScanningConfiguration": {}}, '"scanOnPush" is required'),
    ],
)
def test_a_repository_that_aws_would_refuse_is_refused(shared_program: Program, bad: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        shared_program.declare(REPOSITORY, **bad)


def test_a_lifecycle_policy_changes_in_place_and_leaves_nothing(program: Program) -> None:
    name = program.declare(REPOSITORY)["name"]
    policy = program.declare(LIFECYCLE, repository=name, policy=keeping(10))

    policy = lives_and_changes(program, policy, {"policy": None}, repository=name, policy=keeping(20))

    assert program.plan(policy, repository="other", policy=keeping(20)) == {"repository": True}
    leaves_nothing(program, policy)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"repository": "none"}, "RepositoryNotFoundException"),
        ({"policy": "not json" * 20}, "InvalidParameterException"),
        ({"policy": keeping(10, action={"type": "keep"})}, "InvalidParameterException"),
        ({"policy": keeping(0)}, "InvalidParameterException"),
    ],
)
def test_a_lifecycle_policy_that_aws_would_refuse_is_refused(program: Program, bad: dict[str, Any], why: str) -> None:
    inputs = {"repository": program.declare(REPOSITORY)["name"], "policy": keeping(10), **bad}

    with pytest.raises(Refused, match=why):
        program.declare(LIFECYCLE, **inputs)
