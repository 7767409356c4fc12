"""What a task gets from its service: environment, secrets, credentials, a log, and an end."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.local.containers.site import LOG_GROUP, LOGGING, PROGRAM, REGION, Running, Site

GONE_S = 10
NOT_A_TASK = "lambda.amazonaws.com"


async def environment(running: Running) -> dict[str, str]:
    return dict(json.loads(await running.ask("/environment")))


async def test_a_task_has_the_declared_environment_and_nothing_of_the_shell(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_SHELL", "1")
    site.addresses.stand("https://ai.example.com", "http://localhost:8080")
    image = site.image(
        "ARG WORD=known\n"
        "ENV PYTHONPATH=/opt/app OF_THE_IMAGE=${WORD} OVERRIDDEN=image\n"
        'ENTRYPOINT ["python", "-S"]\n'
        'CMD ["of-the-image.py"]'
    )
    variables = {
        "OVERRIDDEN": "declared",
        "ISSUER": "https://ai.example.com/issuer,https://ai.example.com.evil/",
        "PORT": "8080",
    }
    definition = site.definition(
        "environment",
        image=image,
        command=[str(PROGRAM)],
        environment=[{"name": name, "value": value} for name, value in variables.items()],
    )

    async with site.service("environment", definition=definition) as running:
        await running.steady()
        found = await environment(running)
        (address,) = running.service.tasks[0].addresses.values()

    assert found["OF_THE_IMAGE"] == "known"
    assert found["OVERRIDDEN"] == "declared"
    assert found["ISSUER"] == "http://localhost:8080/issuer,https://ai.example.com.evil/"
    assert f"{found['HOST']}:{found['PORT']}" == address
    assert found["METRICS_PORT"] not in {found["PORT"], "8080"}
    assert found["AWS_EXECUTION_ENV"] == "AWS_ECS_FARGATE"
    assert found["AWS_ENDPOINT_URL"] == site.endpoint.url
    assert not {"OF_THE_SHELL", "AWS_ACCESS_KEY_ID", "PYTHONPATH"} & found.keys()


async def test_a_task_finds_credentials_of_its_role_for_as_long_as_it_runs(site: Site) -> None:
    async with site.service("credentials") as running:
        await running.steady()
        found = await environment(running)
        where = found["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        with_token = {"Authorization": found["AWS_CONTAINER_AUTHORIZATION_TOKEN"]}
        async with site.http.get(where, headers=with_token) as response:
            credentials = await response.json()

    async with site.http.get(where, headers=with_token) as response:
        afterwards = response.status
    assert credentials["RoleArn"] == site.task_role_arn
    assert credentials["Token"]
    assert afterwards >= 400


async def test_secrets_are_read_with_the_execution_role_when_a_task_starts(site: Site) -> None:
    secret = site.client("secretsmanager").create_secret(Name="keys", SecretString='{"first": "1st", "number": 2}')[
        "ARN"
    ]
    site.client("ssm").put_parameter(Name="/plain", Value="value", Type="SecureString")
    parameter = f"arn:aws:ssm:{REGION}:{site.account.account_id}:parameter/plain"
    reading = [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret},
        {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": parameter},
    ]
    site.execution_role_arn, before = site.role("reading", LOGGING, *reading), site.execution_role_arn
    wanted = {
        "WHOLE": secret,
        "FIRST": f"{secret}:first::",
        "NUMBER": f"{secret}:number:AWSCURRENT:",
        "NAMED": "/plain",
    }
    secrets = [{"name": name, "valueFrom": value} for name, value in wanted.items()]
    definition = site.definition("secrets", secrets=secrets)
    site.execution_role_arn = before

    async with site.service("secrets", definition=definition) as running:
        await running.steady()
        found = await environment(running)

    assert json.loads(found["WHOLE"]) == {"first": "1st", "number": 2}
    assert (found["FIRST"], found["NUMBER"], found["NAMED"]) == ("1st", "2", "value")


async def test_a_task_whose_secret_may_not_be_read_stops_with_the_reason(site: Site) -> None:
    secret = site.client("secretsmanager").create_secret(Name="closed", SecretString="x")["ARN"]
    definition = site.definition("closed", secrets=[{"name": "CLOSED", "valueFrom": secret}])

    async with site.service("closed", definition=definition) as running:
        message = await running.heard.until("stopped: ")

    assert "ResourceInitializationError: unable to pull secrets or registry auth" in message
    assert "secretsmanager:GetSecretValue" in message


async def test_an_image_that_is_built_elsewhere_is_named_with_the_way_to_run_it(site: Site) -> None:
    definition = site.definition("elsewhere", image="public.ecr.aws/nginx:1")

    async with site.service("elsewhere", definition=definition) as running:
        message = await running.heard.until("stopped: ")

    assert "CannotPullContainerError: public.ecr.aws/nginx:1" in message
    assert "ROUTER=container" in message


async def test_a_command_that_is_not_there_ends_its_task_with_127(site: Site) -> None:
    definition = site.definition("missing", entryPoint=["no-such-command"])

    async with site.service("missing", definition=definition) as running:
        message = await running.heard.until("stopped: ")
        lines = await running.lines(message.split("(task ")[1].partition(")")[0])

    assert "exit code 127" in message
    assert lines == ["exec: 'no-such-command': No such file or directory"]


async def test_what_a_task_says_is_in_its_log_stream_to_the_last_line(site: Site) -> None:
    async with site.service("lines") as running:
        await running.steady()
        task = running.service.tasks[0]
        await running.ask("/say/accepted/r-1")
        await running.ask("/say/accepted/r-2")
        await running.ask("/say/usage/r-1")
        psutil.Process(task.pids[0]).kill()
        lost = await running.heard.until("lost")
        died = await running.heard.until("stopped: ")
        lines = await running.lines(task.id)

    assert [json.loads(line).get("request_id") for line in lines] == [None, "r-1", "r-2", "r-1"]
    assert lost == f"(service lines) (task {task.id}) lost 1 requests that it had accepted: r-2."
    assert died == f"(service lines) (task {task.id}) stopped: Essential container in task exited, exit code 137."


async def test_a_log_that_may_not_be_written_is_told_once_and_stops_nothing(site: Site) -> None:
    site.execution_role_arn, before = site.role("mute"), site.execution_role_arn
    definition = site.definition("mute")
    site.execution_role_arn = before

    async with site.service("mute", definition=definition) as running:
        await running.steady()
        message = await running.heard.until(f"log lines are not taken by {LOG_GROUP}")
        await running.ask("/say/more/r-1")
        await site.logs.flush()

    assert "logs:CreateLogStream" in message
    assert len([said for said in running.heard.messages if "not taken" in said]) == 1


async def test_a_blocking_log_that_is_not_there_keeps_its_task_from_starting(site: Site) -> None:
    options = {
        "awslogs-group": "/nowhere",
        "awslogs-region": REGION,
        "awslogs-stream-prefix": "own",
        "mode": "blocking",
    }
    definition = site.definition("blocked", logConfiguration={"logDriver": "awslogs", "options": options})
    site.allow("execution", {**LOGGING, "Resource": "*"})

    async with site.service("blocked", definition=definition) as running:
        message = await running.heard.until("stopped: ")

    site.allow("execution", LOGGING)
    assert "ResourceInitializationError: failed to validate logger args" in message
    assert "ResourceNotFoundException" in message


async def test_a_role_that_tasks_may_not_take_keeps_the_task_from_starting(site: Site) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": NOT_A_TASK}, "Action": "sts:AssumeRole"}],
    }
    role = site.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    site.task_role_arn, before = role, site.task_role_arn
    definition = site.definition("untrusted")
    site.task_role_arn = before

    async with site.service("untrusted", definition=definition) as running:
        message = await running.heard.until("stopped: ")

    assert f"ECS was unable to assume the role '{role}'" in message


async def test_a_task_that_does_not_hear_sigterm_is_killed_after_its_stop_timeout(site: Site) -> None:
    stubborn = [{"name": "IS_STUBBORN", "value": "1"}]
    definition = site.definition("stubborn", stopTimeout=0.2, environment=stubborn)

    async with site.service("stubborn", definition=definition) as running:
        await running.steady()
        task = running.service.tasks[0]
        await running.service.desire(0)
        await running.heard.until("has stopped 1 running tasks")

    assert task.exit_code == 128 + signal.SIGKILL


async def test_a_run_that_is_in_a_hurry_kills_what_does_not_hear(site: Site) -> None:
    definition = site.definition("hurried", stopTimeout=100, environment=[{"name": "IS_STUBBORN", "value": "1"}])
    running = site.service("hurried", definition=definition)
    await running.service.start()
    await running.steady()
    tasks = running.service.tasks

    await running.ask("/say/accepted/r-1")
    await running.service.stop(within_s=0.05)

    assert [task.exit_code for task in tasks] == [128 + signal.SIGKILL]
    assert "lost 1 requests that it had accepted: r-1." in await running.heard.until("lost")


@pytest.mark.parametrize("is_killed", [True, False])
async def test_a_task_takes_its_children_with_it(site: Site, is_killed: bool) -> None:
    async with site.service(f"children-{is_killed}") as running:
        await running.steady()
        (address,) = running.service.tasks[0].addresses.values()
        reader, writer = await asyncio.open_connection(*address.split(":"))
        writer.write(b"GET /child HTTP/1.0\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 200 -\r\n"
        if is_killed:
            psutil.Process(running.service.tasks[0].pids[0]).kill()

    async with asyncio.timeout(GONE_S):
        await reader.read()  # to its end: the child holds the connection as long as it lives
    writer.close()


async def test_a_task_does_not_outlive_the_process_that_runs_it() -> None:
    came: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda *streams: came.put_nowait(streams), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    script = Path(__file__).with_name("abandoning.py")
    process = await asyncio.create_subprocess_exec(sys.executable, str(script), str(port))
    async with asyncio.timeout(GONE_S):
        reader, writer = await came.get()
        assert await reader.readline() == b"both are here\n"

        process.kill()

        assert await reader.read() == b""  # nobody holds the connection any more
    await process.wait()
    writer.close()
    server.close()
    await server.wait_closed()
