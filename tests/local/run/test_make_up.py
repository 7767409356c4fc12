"""`make up` as a person runs it: what it prints can be pasted, and nothing stays behind."""

import asyncio
import json
import os
import signal
import socket
import stat
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from opencode_local.issuer import DEFAULT_USERS
from opencode_local.ports import free_port
from opencode_local.run.run_file import RUN_FILE
from tests.local.run.running import Running, environment_file, make_up, pasted, printed_by

ANSWER = "You said: Say hello"


async def shell(command: str) -> str:
    running = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    output, _ = await running.communicate()
    return output.decode()


def offspring(running: Running) -> list[psutil.Process]:
    return psutil.Process(running.process.pid).children(recursive=True)


async def test_a_run_can_be_used_as_it_says_and_what_it_kept_is_there_in_the_next(tmp_path: Path) -> None:
    async with make_up(tmp_path, KEEP="1") as first:
        shown_key = first.api_key
        mode = stat.S_IMODE((tmp_path / RUN_FILE).stat().st_mode)
        curl = pasted(first.printed, "export OPENCODE_API_KEY", "}'\n")
        answer = json.loads(await shell(f"{curl.strip()} --silent"))
        await every_model_of_the_opencode_config_answers(first)
        status = await printed_by(tmp_path, "status")
        logs = await printed_by(tmp_path, "logs", NAME="router")
        sub = new_person(first, "sam@example.com")
        children = offspring(first)
        code = await first.ended_by(signal.SIGINT)

    async with make_up(tmp_path, KEEP="1") as second:
        key = second.api_key
        async with second.client() as client, client.get("/v1/models") as response:
            is_still_good = response.status
        usage_table = next(name for name in second.aws("dynamodb").list_tables()["TableNames"] if "usage" in name)
        usage = second.aws("dynamodb").scan(TableName=usage_table)["Items"]
        people = {one["sub"]: one for one in people_of(second)}
        down = await printed_by(tmp_path, "down")
        after_down = await asyncio.wait_for(second.process.wait(), 30)

    assert mode == 0o600, "the file holds a key"
    assert answer["choices"][0]["message"]["content"] == ANSWER
    assert status[0] == 0, status[1]
    assert "RUNNING" in status[1]
    assert "healthy" in status[1]
    assert '"message":"usage"' in logs[1]
    assert shown_key not in logs[1]
    assert children, "the router is a process of its own"
    assert [child for child in children if child.is_running()] == []
    assert code == 0
    assert key == shown_key
    assert is_still_good == 200
    assert len(usage) > 1, "the records of the first run"
    assert people[sub] == {"sub": sub, "email": "sam@example.com", "groups": ["developers"]}
    assert len(people) == len(DEFAULT_USERS) + 1
    assert (down[0], after_down) == (0, 0)
    assert not (tmp_path / RUN_FILE).exists()


def new_person(running: Running, email: str) -> str:
    """The `sub` of somebody who is added to the pool as an operator would."""
    cognito, pool_id = pool_of(running)
    cognito.admin_create_user(UserPoolId=pool_id, Username=email, UserAttributes=[{"Name": "email", "Value": email}])
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=email, GroupName="developers")
    return next(str(one["sub"]) for one in people_of(running) if one["email"] == email)


def people_of(running: Running) -> list[dict[str, Any]]:
    cognito, pool_id = pool_of(running)
    return [
        {
            **{each["Name"]: each["Value"] for each in user["Attributes"] if each["Name"] in ("sub", "email")},
            "groups": sorted(
                group["GroupName"]
                for group in cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username=user["Username"])["Groups"]
            ),
        }
        for user in cognito.list_users(UserPoolId=pool_id)["Users"]
    ]


def pool_of(running: Running) -> tuple[Any, str]:
    cognito = running.aws("cognito-idp")
    return cognito, str(cognito.list_user_pools(MaxResults=1)["UserPools"][0]["Id"])


async def every_model_of_the_opencode_config_answers(running: Running) -> None:
    config = json.loads(pasted(running.printed, '{\n  "$schema"', "\n}\n"))
    provider = config["provider"]["bedrock"]
    assert config["model"].removeprefix("bedrock/") in provider["models"]
    async with aiohttp.ClientSession(headers=running.as_key) as client:
        for model in provider["models"]:
            body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
            async with client.post(f"{provider['options']['baseURL']}/chat/completions", json=body) as response:
                assert response.status == 200, await response.text()


async def test_the_real_bedrock_is_called_over_tls_from_a_port_beside_the_taken_one(tmp_path: Path) -> None:
    """Three wishes at once, each seen apart."""
    own = {"AWS_ACCESS_KEY_ID": "AKIANOBODY", "AWS_SECRET_ACCESS_KEY": "nothing"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with make_up(tmp_path, BEDROCK="aws", TLS="1", PORT=str(port), **own) as running:
            run = running.run
            trust = f"CURL_CA_BUNDLE={run.certificate_authority}"
            health = json.loads(await shell(f"{trust} curl --silent {run.url}/health"))
            share = await shell(
                f"{trust} curl --silent {run.url}/api/share -H 'Host: share.example.com' "
                f"""-H 'Authorization: Bearer {run.api_key}' -d '{{"sessionID": "ses_1"}}'"""
            )
            distrustful = await shell(f"curl --silent --output /dev/null --write-out '%{{http_code}}' {run.url}/health")

    assert run.bedrock_url == "AWS us-east-1"
    assert run.url.startswith("https://localhost:")
    assert health["status"] == "ok"
    assert json.loads(share)["url"].startswith("https://share.localhost:"), "its function asks the gateway over TLS"
    assert distrustful == "000", "who does not trust the authority gets nothing"
    assert f"port {port} is taken by" in running.printed
    assert f"(pid {os.getpid()}): using" in running.printed


async def test_what_the_config_says_is_what_runs(tmp_path: Path) -> None:
    """Rules, environment, count and who says who people are: nothing but the config knows of them."""
    port = free_port(0)
    changed = environment_file(
        tmp_path,
        "trial",
        cognito=None,
        oidc=own_provider(port),
        domain={"host": "models.trial.test"},
        downloads={"host": "downloads.trial.test"},
        sharing={"host": "share.trial.test"},
        router={"min_tasks": 2, "settings": {"LOG_LEVEL": "WARNING", "MAX_BODY_BYTES": "1000"}},
    )
    async with make_up(tmp_path, ENV=str(changed)) as running:
        _, status, _ = await printed_by(tmp_path, "status")
        async with running.client() as client:
            async with client.get("/v1/models") as at_home:
                assert at_home.status == 200
            async with client.get("/v1/models", headers={"Host": "ai.example.com"}) as elsewhere:
                assert elsewhere.status == 401
            body = {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "x" * 1000}]}
            async with client.post("/v1/chat/completions", json=body) as too_large:
                assert too_large.status == 413
        _, logs, _ = await printed_by(tmp_path, "logs", NAME="router")
        issuer = running.run.client_config["issuer"]

    tasks = [line for line in status.splitlines() if " task " in line]
    assert len(tasks) == 2
    assert "models.trial.test" in running.printed
    assert issuer == f"http://127.0.0.1:{port}"
    assert '"level":"INFO"' not in logs


async def test_what_cannot_run_is_told_by_its_key(tmp_path: Path) -> None:
    wrong = environment_file(tmp_path, "wrong", router={"min_tasks": 5})

    code, complaints, _ = await printed_by(tmp_path, "up", ENV=str(wrong))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        issuer = environment_file(tmp_path, "taken", cognito=None, oidc=own_provider(port))
        held, told, _ = await printed_by(tmp_path, "up", ENV=str(issuer))
    option = await printed_by(tmp_path, "up", BEDROCK="azure")
    nobody = await printed_by(tmp_path, "status")

    assert (code, held, option[0], nobody[0]) == (1, 1, 1, 1)
    assert f"opencode:oidc.issuer is on this machine, and its port {port} is taken by" in told
    assert "opencode:router.max_tasks" in complaints
    assert option[1] == "BEDROCK='azure' is not known; use one of local, aws\n"
    assert nobody[2] == "nothing runs here: there is no .local/run.json; start it with `make up`\n"


def own_provider(port: int) -> dict[str, Any]:
    """A section for an identity provider that the run itself starts."""
    return {
        "issuer": f"http://127.0.0.1:{port}",
        "cli_client_id": "gateway-cli",
        "browser_client_id": "gateway-browser",
        "browser_client_secret_arn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:idp-AbCdEf",
        "audiences": ["gateway-cli"],
    }
