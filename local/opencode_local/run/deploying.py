"""The program's resources, made in the embedded AWS."""

import asyncio
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from opencode_components.testing import Graph, deploy
from opencode_local.provider import image_content, images
from opencode_local.provider.aws import Account
from opencode_local.provider.engine import LocalEngine, RefusedInputs
from opencode_local.provider.errors import AwsError
from opencode_local.provider.registry import UnknownType
from opencode_local.run.cloud import Say
from opencode_local.run.failure import CloudFailed
from opencode_local.run.options import Options
from opencode_stacks.environment import PROJECT, REGION_KEY, ROOT

PROGRAM = ROOT / "stacks"
TAGS_KEY = "aws:defaultTags"
REFUSALS = (RefusedInputs, AwsError, ClientError, UnknownType, images.BuildRefused, RuntimeError)


async def deployed(options: Options, config: Mapping[str, Any], account: Account, say: Say) -> Graph:
    """What `pulumi up` would leave in an empty account.

    Raises ConfigError for a fault in the config, CloudFailed for what AWS would refuse.
    """
    engine = LocalEngine(
        account,
        region=str(config.get(REGION_KEY)),
        default_tags=(config.get(TAGS_KEY) or {}).get("tags"),
        image_digest=images.built_for_this_machine if options.uses_docker else image_content.digest,
        on_component=lambda type_, name: say(f"{name}: {type_.rpartition(':')[2]}"),
    )
    try:
        return await asyncio.to_thread(
            deploy, PROGRAM, config=config, stack=options.environment, project=PROJECT, engine=engine
        )
    except REFUSALS as error:
        raise CloudFailed(f"the program was refused: {error}") from error
