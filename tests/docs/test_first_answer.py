"""The pages' own commands, run to the letter against a gateway on this machine."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from opencode_local.aws import REGION
from opencode_local.issuer import CLI_CLIENT_ID
from opencode_local.ports import free_port
from opencode_stacks.declared import declared
from opencode_stacks.environment import ROOT
from tests.docs.blocks import DOCS, blocks, scripts
from tests.router.running import Router
from tests.tables import KEYS_TABLE

PULUMI = """#!{python}
import json, sys
command, name = sys.argv[1:3], sys.argv[3]
assert command == ["stack", "output"], command
value = json.load(open({outputs!r}))[name]
print(json.dumps(value) if "--json" in sys.argv else value)
"""
"""Answers as the CLI does for a stack with these outputs."""
OLD_TABLE = "opencode-api-keys-prod"
OLD_KEY = "oc_" + "k3Y_" * 10 + "old"
REVOKED_KEY = "oc_" + "g0ne" * 10 + "old"


@dataclass(frozen=True)
class Shell:
    """A shell in which the stack's outputs and a person at the browser are at hand."""

    folder: Path
    router: Router

    async def run(self, page: str, **variables: str) -> str:
        """What the page's `sh gateway` blocks print, one after the other."""
        file = DOCS / page
        for name, text in scripts(file).items():
            (self.folder / name).write_text(text)
        script = "\n".join(block.text for block in blocks(file) if block.info == "sh gateway")
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script,
            cwd=self.folder,
            env={**self.environment(), **variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, complaints = await process.communicate()
        assert process.returncode == 0, f"{printed.decode()}\n{complaints.decode()}"
        return printed.decode()

    def environment(self) -> Mapping[str, str]:
        path = os.pathsep.join((str(self.folder), str(ROOT / ".venv/bin"), os.environ["PATH"]))
        browser = f"{sys.executable} -m tests.docs.person %s &"
        return {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "BROWSER": browser,
            "NO_PROXY": "127.0.0.1",
            "AWS_DEFAULT_REGION": REGION,
        }


@pytest_asyncio.fixture
async def shell(router: Router, tmp_path: Path) -> Shell:
    outputs = {
        "api_url": router.url,
        "keys_table": KEYS_TABLE,
        "client_config": await client_config(router),
    }
    held = tmp_path / "outputs.json"
    held.write_text(json.dumps(outputs))
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(PULUMI.format(python=sys.executable, outputs=str(held)))
    pulumi.chmod(0o755)
    return Shell(tmp_path, router)


async def client_config(router: Router) -> Mapping[str, Any]:
    """As the program exports it, of the local issuer."""
    address = f"{router.world.issuer.url}/.well-known/openid-configuration"
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        document = await answer.json()
    config = {
        "api_url": router.url,
        "client_id": CLI_CLIENT_ID,
        "scopes": ["openid", "email", "profile"],
        "callback_ports": [free_port(0)],
        "authorization_endpoint": document["authorization_endpoint"],
        "token_endpoint": document["token_endpoint"],
    }
    assert config.keys() <= declared("dev").outputs["client_config"].keys()
    return config


async def test_the_way_from_the_sign_in_to_the_first_answers_is_as_described(shell: Shell) -> None:
    printed = await shell.run("deploy.md")

    models, chat, *texts = printed.splitlines()
    assert "claude-sonnet-4-6" in {model["id"] for model in json.loads(models)["data"]}
    assert json.loads(chat)["choices"][0]["message"]["content"] == "You said: Say hello"
    assert texts == ["You said: Say hello"] * 2, "one through each SDK"


async def test_keys_of_the_sample_work_after_they_were_copied_and_its_revoked_ones_do_not(shell: Shell) -> None:
    dynamodb = shell.router.world.aws.dynamodb()
    like_ours = dynamodb.describe_table(TableName=KEYS_TABLE)["Table"]
    dynamodb.create_table(TableName=OLD_TABLE, **copied(like_ours))
    for key, status in ((OLD_KEY, "active"), (REVOKED_KEY, "revoked")):
        dynamodb.put_item(TableName=OLD_TABLE, Item=old_item(key, status))

    once = await shell.run("migrate.md", KEY=OLD_KEY)
    again = await shell.run("migrate.md", KEY=OLD_KEY)

    assert once.startswith("2 keys copied")
    assert again.startswith("1 keys copied"), "an active key that is there stays as it is"
    async with shell.router.client.get("/v1/models", headers={"X-API-Key": REVOKED_KEY}) as refused:
        assert refused.status == 401
        assert (await refused.json())["error"]["code"] == "revoked_api_key"


def copied(table: Mapping[str, Any]) -> dict[str, Any]:
    """A request for a second table with the keys and indexes of the described one."""
    wanted = ("IndexName", "KeySchema", "Projection")
    return {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": table["AttributeDefinitions"],
        "KeySchema": table["KeySchema"],
        "GlobalSecondaryIndexes": [{name: index[name] for name in wanted} for index in table["GlobalSecondaryIndexes"]],
    }


def old_item(key: str, status: str) -> Mapping[str, Any]:
    """As the sample stores a key. Source: aws-samples/sample-opencode-with-bedrock, router (read 2026-11-21)."""
    texts = {
        "key_hash": hashlib.sha256(key.encode()).hexdigest(),
        "key_prefix": key[:10],
        "user_sub": "someone-of-the-pool",
        "user_email": "someone@example.com",
        "description": "laptop",
        "status": status,
        "created_at": "2026-11-01T08:00:00.123456+00:00",
        "expires_at": "2099-01-30T08:00:00.123456+00:00",
    }
    return {**{name: {"S": text} for name, text in texts.items()}, "ttl": {"N": "4075000000"}}
