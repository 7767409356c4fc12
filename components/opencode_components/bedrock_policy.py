"""What the router's role may do on Amazon Bedrock, as policy documents: pure functions.

The facts behind them, read 2026-11-21:
- Converse, InvokeModel, Chat Completions and Messages on bedrock-runtime are all authorised as `bedrock:InvokeModel`,
  streamed as `bedrock:InvokeModelWithResponseStream`: Amazon Bedrock user guide, "Making inference requests".
- A call through a cross-Region inference profile is authorised twice: on the profile, in the caller's region and
  account, and on the foundation model wherever the profile may lead, with `bedrock:InferenceProfileArn` in the context.
  A global profile leads to ARNs without a region: user guide, "Global cross-Region inference", IAM requirements.
- bedrock-mantle is authorised on projects, not models; the model is the condition key `bedrock-mantle:Model`. Bearer
  tokens know no resource: Service Authorization Reference, "Amazon Bedrock Powered by AWS Mantle".
- A role's inline policies hold 10,240 characters together, a managed policy 6,144, white space aside, and ten managed
  policies fit a role: IAM user guide, "IAM and AWS STS quotas".
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opencode_components.partitions import partition
from opencode_components.refusals import refusal

Statement = Mapping[str, Any]

CALLS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:CountTokens")
MANTLE_CALLS = ("bedrock-mantle:CreateInference", "bedrock-mantle:CountTokens")
BEARER_TOKENS = ("bedrock:CallWithBearerToken", "bedrock-mantle:CallWithBearerToken")
MANTLE_PROJECT = "project/default"
"""Every call that names no project is the account's default project's."""

MODEL_PATTERN = re.compile(r"[a-z0-9-]+\.[a-z0-9.:-]*\*?")
PROFILE_PREFIXES = ("us", "eu", "jp", "au", "apac", "in", "us-gov", "global")
"""What the ids of cross-Region inference profiles begin with."""
MAX_INLINE_CHARACTERS = 10_240
MAX_MANAGED_CHARACTERS = 6_144
RECORDS_CHARACTERS = 2_000
"""Of the inline policy, for what the role may do with its tables and their key."""
ANY_ACCOUNT = "0" * 12


def checked_models(models: Sequence[str]) -> list[str]:
    """Raises ValueError on none, on one that is no model id with at most a `*` at its end, and on a repeated one."""
    if not models:
        raise refusal("models", list(models), reason="names no model", fix="name at least one foundation model id")
    for model in models:
        if not MODEL_PATTERN.fullmatch(model) or model.partition(".")[0] in PROFILE_PREFIXES:
            fix = "write it like anthropic.claude-sonnet-5 or anthropic.claude-sonnet-*, without a profile's prefix"
            raise refusal("models", model, reason="is no foundation model id of one provider", fix=fix)
    if len(set(models)) != len(models):
        raise refusal("models", list(models), reason="names a model twice", fix="name each once")
    return list(models)


def checked_profiles(prefixes: Sequence[str]) -> list[str]:
    """Raises ValueError on a prefix that Bedrock does not have, and on a repeated one."""
    for prefix in prefixes:
        if prefix not in PROFILE_PREFIXES:
            fix = f"use some of {', '.join(PROFILE_PREFIXES)}"
            raise refusal("inference_profiles", prefix, reason="begins no inference profile's id", fix=fix)
    if len(set(prefixes)) != len(prefixes):
        raise refusal("inference_profiles", list(prefixes), reason="names a prefix twice", fix="name each once")
    return list(prefixes)


def bedrock_statements(region: str, account_id: str, models: Sequence[str]) -> list[Statement]:
    """Calls of `models` in the own region, and the tokens that all calls are made with."""
    own_partition = partition(region)
    own_region = {
        "Sid": "ModelsInThisRegion",
        "Effect": "Allow",
        "Action": list(CALLS),
        "Resource": [f"arn:{own_partition}:bedrock:{region}::foundation-model/{model}" for model in models],
    }
    on_mantle = {
        "Sid": "ModelsOnMantle",
        "Effect": "Allow",
        "Action": list(MANTLE_CALLS),
        "Resource": f"arn:{own_partition}:bedrock-mantle:{region}:{account_id}:{MANTLE_PROJECT}",
        "Condition": {"StringLike": {"bedrock-mantle:Model": list(models)}},
    }
    tokens = {"Sid": "BearerTokens", "Effect": "Allow", "Action": list(BEARER_TOKENS), "Resource": "*"}
    return [own_region, on_mantle, tokens]


def profile_documents(
    region: str, account_id: str, models: Sequence[str], prefixes: Sequence[str]
) -> Mapping[str, str]:
    """Managed policies, by what ends their names: inline there is no room for so many ARNs.

    `profiles-us` and its like: the profiles of one prefix. `elsewhere`: the models, wherever those profiles lead.
    Raises ValueError when `models` are too many for them.
    """
    bedrock = f"arn:{partition(region)}:bedrock"
    profiles = f"{bedrock}:{region}:{account_id}:inference-profile"
    statements: dict[str, Statement] = {
        f"profiles-{prefix}": {
            "Sid": "InferenceProfiles",
            "Effect": "Allow",
            "Action": list(CALLS),
            "Resource": [f"{profiles}/{prefix}.{model}" for model in models],
        }
        for prefix in prefixes
    }
    if prefixes:
        statements["elsewhere"] = {
            "Sid": "ModelsThroughProfiles",
            "Effect": "Allow",
            "Action": list(CALLS),
            "Resource": [f"{bedrock}:*::foundation-model/{model}" for model in models],
            "Condition": {
                "ArnLike": {"bedrock:InferenceProfileArn": [f"{profiles}/{prefix}.*" for prefix in prefixes]}
            },
        }
    return {suffix: document([one], max_characters=MAX_MANAGED_CHARACTERS) for suffix, one in statements.items()}


def checked_lengths(region: str, models: Sequence[str], prefixes: Sequence[str]) -> Sequence[str]:
    """What the managed policies' names will end in.

    Raises ValueError when a policy would be too long, before anything is declared.
    """
    left = MAX_INLINE_CHARACTERS - RECORDS_CHARACTERS
    document(bedrock_statements(region, ANY_ACCOUNT, models), max_characters=left)
    return list(profile_documents(region, ANY_ACCOUNT, models, prefixes))


def document(statements: Sequence[Statement], *, max_characters: int = MAX_INLINE_CHARACTERS) -> str:
    """The policy as JSON without white space. Raises ValueError when IAM would not take it for its length."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))
    if len(text) > max_characters:
        raise refusal(
            "models",
            f"a policy of {len(text)} characters",
            reason=f"is longer than the {max_characters} that IAM takes",
            fix="name fewer models, or several at once by a pattern such as anthropic.claude-*",
        )
    return text
