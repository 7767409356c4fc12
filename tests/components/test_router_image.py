"""The router's image: built by the program, or adopted."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from opencode_components import AdoptedImage, AdoptedImageArgs, RouterImage, RouterImageArgs
from opencode_components.testing.graph import Graph
from opencode_components.testing.plugin import Deploy
from opencode_components.testing.security import assert_secure
from tests.components.api_program import ACCOUNT, IMAGE, REPOSITORY

REPOSITORY_TYPE, IMAGE_TYPE = "aws:ecr/repository:Repository", "awsx:ecr:Image"


def an_image(**changes: Any) -> Callable[[], RouterImage]:
    args: dict[str, Any] = {"context": "/src", "dockerfile": "/src/router/Dockerfile", "architecture": "ARM64"}
    return lambda: RouterImage("dev-router", RouterImageArgs(**{**args, **changes}))  # type: ignore[typeddict-item]


@pytest.fixture(scope="module")
def graph(deploy: Deploy) -> Graph:
    return deploy(an_image())


def test_a_repository_breaks_no_rule_of_security(graph: Graph) -> None:
    assert_secure(graph)


def test_images_are_scanned_encrypted_and_their_tags_immutable_but_for_the_builds_own(graph: Graph) -> None:
    repository = graph.one(REPOSITORY_TYPE).inputs

    assert repository["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert repository["imageTagMutabilityExclusionFilters"] == [{"filter": "dev-router", "filterType": "WILDCARD"}]
    assert graph.one(IMAGE_TYPE).inputs["imageTag"] == "dev-router"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]


@pytest.mark.parametrize(("architecture", "platform"), [("ARM64", "linux/arm64"), ("X86_64", "linux/amd64")])
def test_the_image_is_built_for_the_processor_that_runs_it(deploy: Deploy, architecture: str, platform: str) -> None:
    graph = deploy(an_image(architecture=architecture))
    image = graph.one(IMAGE_TYPE).inputs

    assert (image["platform"], image["context"], image["dockerfile"]) == (platform, "/src", "/src/router/Dockerfile")
    assert image["repositoryUrl"] == graph.one(REPOSITORY_TYPE).outputs["repositoryUrl"]


def test_another_base_image_reaches_the_build(deploy: Deploy, graph: Graph) -> None:
    base = "mirror.example.com/python@sha256:" + "0" * 64

    assert deploy(an_image(base_image=base)).one(IMAGE_TYPE).inputs["args"] == {"BASE_IMAGE": base}
    assert not graph.one(IMAGE_TYPE).inputs.get("args")


def test_old_images_go(deploy: Deploy) -> None:
    policy = json.loads(deploy(an_image(keep_images=3.0)).one("aws:ecr/lifecyclePolicy:*").inputs["policy"])

    (rule,) = policy["rules"]
    assert rule["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}
    assert rule["action"] == {"type": "expire"}


@pytest.mark.parametrize("is_protected", [True, False])
def test_a_protected_repository_stays_and_another_goes_with_its_images(deploy: Deploy, *, is_protected: bool) -> None:
    repository = deploy(an_image(deletion_protection=is_protected)).one(REPOSITORY_TYPE)

    assert (repository.protect, repository.inputs["forceDelete"]) == (is_protected, not is_protected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "arm"}, "^architecture: 'arm'.*ARM64, X86_64"),
        ({"keep_images": 0}, "^keep_images: 0.*one image"),
    ],
)
def test_an_image_that_cannot_be_is_refused(deploy: Deploy, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deploy(an_image(**changes))


ADOPTED = (
    (IMAGE, "router", REPOSITORY),
    (IMAGE.replace("@", ":v1.2.3@"), "router", REPOSITORY),
    (IMAGE.replace("/router", "/team/router"), "team/router", REPOSITORY.replace("/router", "/team/router")),
    (
        f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/router@sha256:{'cd' * 32}",
        "router",
        f"arn:aws-cn:ecr:cn-north-1:{ACCOUNT}:repository/router",
    ),
)


@pytest.mark.parametrize(("image_uri", "name", "arn"), ADOPTED)
def test_an_adopted_image_has_the_outputs_of_a_built_one(deploy: Deploy, image_uri: str, name: str, arn: str) -> None:
    graph = deploy(lambda: AdoptedImage("router", AdoptedImageArgs(image_uri=image_uri)))
    (adopted,) = graph.components

    assert AdoptedImage.__annotations__ == RouterImage.__annotations__
    assert set(adopted.outputs.values()) >= {image_uri, name, arn}
