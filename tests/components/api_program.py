"""An Api as a program would declare it, and the images that go with it."""

import json
from collections.abc import Callable
from typing import Any

from opencode_components import Api, ApiArgs
from opencode_stacks.models import MODEL_PATTERNS

ACCOUNT = "111122223333"
REGION = "us-east-1"
HOST = "ai.example.com"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/router@sha256:{'ab' * 32}"
PROFILES = ("us", "eu", "global")
KEYS, USAGE, COUNTERS = (
    f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/dev-{table}" for table in ("keys", "usage", "counters")
)
RELEASES = "arn:aws:s3:::dev-releases"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/opencode/dev/router"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/router"
ISSUER = "https://login.example.com/"
JWKS_URL = "https://login.example.com/keys"
CLIENT_CONFIG = {
    "api_url": f"https://{HOST}",
    "region": REGION,
    "issuer": ISSUER,
    "client_id": "gateway-cli",
    "scopes": ["openid", "email"],
    "callback_ports": [8080, 19876],
    "authorization_endpoint": "https://login.example.com/authorize",
    "token_endpoint": "https://login.example.com/token",
    "jwks_url": JWKS_URL,
}


def api_args(**changes: Any) -> ApiArgs:
    args: dict[str, Any] = {
        "region": REGION,
        "account_id": ACCOUNT,
        "host": HOST,
        "zone_id": "Z0123456789EXAMPLE",
        "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0b7c-11aa",
        "public_cidrs": ["0.0.0.0/0"],
        "vpc_id": "vpc-0a1b2c3d4e5f60718",
        "public_subnet_ids": ["subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"],
        "task_subnet_ids": ["subnet-0a1b2c3d4e5f60713", "subnet-0a1b2c3d4e5f60714"],
        "assign_public_ip": False,
        "endpoint_client_security_group_id": "sg-0a1b2c3d4e5f60718",
        "image_uri": IMAGE,
        "repository_arn": REPOSITORY,
        "issuer": ISSUER,
        "jwks_url": JWKS_URL,
        "audiences": ["gateway-cli", "gateway-browser"],
        "audience_claim": "client_id",
        "audience_format": "single-string",
        "token_uses": ["access"],
        "client_config": json.dumps(CLIENT_CONFIG),
        "releases_bucket_name": "dev-releases",
        "releases_bucket_arn": RELEASES,
        "keys_table_name": "dev-keys",
        "keys_table_arn": KEYS,
        "usage_table_name": "dev-usage",
        "usage_table_arn": USAGE,
        "counters_table_name": "dev-counters",
        "counters_table_arn": COUNTERS,
        "log_group_name": "/opencode/dev/router",
        "log_group_arn": LOG_GROUP,
        "models": list(MODEL_PATTERNS),
        "inference_profiles": list(PROFILES),
    }
    return ApiArgs(**{**args, **changes})  # type: ignore[typeddict-item]  # changes are as the test wants them


def an_api(name: str = "dev-api", **changes: Any) -> Callable[[], Api]:
    """A program that declares one Api."""
    return lambda: Api(name, api_args(**changes))
