"""Args of the API and of the router's image that cannot be: each is refused with its key, the reason and a fix."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from opencode_components import AdoptedImage, AdoptedImageArgs
from opencode_components.sizes import MEMORY_MIB, checked_size
from opencode_components.testing.placeholders import Placeholders
from opencode_components.testing.plugin import Deploy
from tests.components.api_program import ACCOUNT, IMAGE, an_api

REFUSED: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"host": "AI.example.com"}, "host: 'AI.example.com'", "lower case"),
    ({"host": "*.example.com"}, "host: ", "ai.example.com"),
    ({"host": "localhost"}, "host: ", "ai.example.com"),
    ({"host": "ai.example.com:443"}, "host: ", "ai.example.com"),
    ({"public_cidrs": []}, "public_cidrs: []", "0.0.0.0/0"),
    ({"public_cidrs": ["10.0.0.0/8", "10.0.0.0/8"]}, "public_cidrs: ", "once"),
    ({"public_cidrs": ["10.0.0.1/8"]}, "public_cidrs: '10.0.0.1/8'", "203.0.113.0/24"),
    ({"public_cidrs": ["::/0"]}, "public_cidrs: '::/0'", "IPv4"),
    ({"idle_timeout_s": 0}, "idle_timeout_s: 0", "1 to 4000"),
    ({"idle_timeout_s": 4001}, "idle_timeout_s: 4001", "1 to 4000"),
    ({"drain_s": 0}, "drain_s: 0", "1 to 110"),
    ({"drain_s": 111}, "drain_s: 111", "1 to 110"),
    ({"access_log_retention_days": 0}, "access_log_retention_days: 0", "a day"),
    ({"models": []}, "models: []", "at least one"),
    ({"models": ["*"]}, "models: '*'", "anthropic.claude-sonnet"),
    ({"models": ["*.claude"]}, "models: ", "anthropic.claude-sonnet"),
    ({"models": ["anthropic.*sonnet"]}, "models: ", "anthropic.claude-sonnet"),
    ({"models": ["us.anthropic.claude-sonnet-5"]}, "models: ", "without a profile's prefix"),
    ({"models": ["amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"]}, "models: ", "once"),
    ({"models": [f"anthropic.claude-{number:03}" for number in range(200)]}, "models: ", "anthropic.claude-*"),
    ({"inference_profiles": ["mars"]}, "inference_profiles: 'mars'", "us, eu"),
    ({"inference_profiles": ["us", "us"]}, "inference_profiles: ", "once"),
    ({"architecture": "MIPS"}, "architecture: 'MIPS'", "ARM64, X86_64"),
    ({"cpu": 300}, "cpu: 300", "256, 512"),
    ({"cpu": 256, "memory_mib": 4096}, "memory_mib: 4096", "512, 1024, 2048"),
    ({"cpu": 16384, "memory_mib": 1024}, "memory_mib: 1024", "32768"),
    ({"min_tasks": 0}, "min_tasks: 0", "1 or more"),
    ({"min_tasks": 4, "max_tasks": 3}, "max_tasks: 3", "4 or more"),
    ({"spot_percent": 101}, "spot_percent: 101", "0 to 100"),
    ({"spot_percent": -1}, "spot_percent: -1", "0 to 100"),
    ({"requests_per_task_per_minute": 0}, "requests_per_task_per_minute: 0", "1 or more"),
    ({"router_environment": {"KEYS_TABLE": "mine"}}, "router_environment: 'KEYS_TABLE'", "leave it away"),
)


@pytest.mark.parametrize(("changes", "named", "fix"), REFUSED)
def test_an_arg_that_cannot_be_is_refused_by_name(
    deploy: Deploy, changes: dict[str, Any], named: str, fix: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(named)) as refused:
        deploy(an_api(**changes))

    assert str(refused.value).startswith(named)
    assert fix in str(refused.value)


class Counting(Placeholders):
    """Invents the outputs of resources, and knows how many were declared."""

    declared = 0

    def create(self, type: str, name: str, inputs: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        self.declared += 1
        return super().create(type, name, inputs)


@pytest.mark.parametrize("changes", [changes for changes, _, _ in REFUSED])
def test_nothing_is_declared_before_all_args_are_checked(deploy: Deploy, changes: dict[str, Any]) -> None:
    engine = Counting()

    with pytest.raises(ValueError, match=": "):
        deploy(an_api(**changes), engine=engine)

    assert engine.declared == 0


def test_a_name_too_long_for_a_load_balancer_is_refused(deploy: Deploy) -> None:
    with pytest.raises(ValueError, match=r"^name: 'a{25}' has 25 characters.*24 at most"):
        deploy(an_api("a" * 25))


@pytest.mark.parametrize("cpu", MEMORY_MIB)
def test_every_size_that_fargate_has_is_accepted(cpu: int) -> None:
    for memory_mib in MEMORY_MIB[cpu]:
        assert checked_size(float(cpu), float(memory_mib)) == (cpu, memory_mib)


@pytest.mark.parametrize(
    "image_uri",
    [
        "router",
        IMAGE.partition("@")[0],
        IMAGE.replace("@sha256", ":sha256"),
        IMAGE[:-1],
        f"public.ecr.aws/example/router@sha256:{'ab' * 32}",
        f"{ACCOUNT}.dkr.ecr.us-east-1.example.com/router@sha256:{'ab' * 32}",
        f"{IMAGE} ",
    ],
)
def test_an_image_without_a_digest_or_from_elsewhere_is_refused(deploy: Deploy, image_uri: str) -> None:
    with pytest.raises(ValueError, match=r"^image_uri: .*sha256"):
        deploy(lambda: AdoptedImage("router", AdoptedImageArgs(image_uri=image_uri)))
