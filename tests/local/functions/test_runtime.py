"""Functions as they run: what a handler sees, what comes of its answer or its end, and what is logged."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pulumi
import pulumi_aws as aws
import pytest
import pytest_asyncio

from opencode_local.aws import EmbeddedAws
from opencode_local.functions.invocation import Throttled
from opencode_local.functions.settings import UnsupportedFunction
from opencode_local.functions.timing import Timing
from tests.local.functions.site import REGION, Site, a_function, a_role, running

BROKEN = {
    "syntax": "def handler(event, context) return event",
    "imports": "import nothing_of_that_name",
    "raises": "raise KeyError('at import')",
    "empty": "",
    "exits": "import sys; sys.exit(4)",
}


def program() -> None:
    table = aws.dynamodb.Table(
        "notes",
        billing_mode="PAY_PER_REQUEST",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
    )
    may_put = table.arn.apply(lambda arn: {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": arn})
    role = a_role("function", may_put)
    variables = {"PLACE": "https://ai.example.com/v1", "TABLE": table.name}
    a_function("plain", role, environment={"variables": variables}, memory_size=256)
    a_function("other", a_role("other"))
    a_function("hasty", role, timeout=1)
    a_function("narrow", role, reserved_concurrent_executions=1)
    a_function("closed", role, reserved_concurrent_executions=0)
    a_function("json", role, logging_config={"logFormat": "JSON", "applicationLogLevel": "WARN"})
    a_function("malformed", role, handler="app")
    a_function("missing", role, handler="app.nothing")
    library = pulumi.AssetArchive({"python/shared.py": pulumi.StringAsset("def handler(event, _): return 'shared'")})
    layer = aws.lambda_.LayerVersion("shared", layer_name="shared", code=library)
    a_function("layered", role, handler="shared.handler", layers=[layer.arn])
    for name, text in BROKEN.items():
        code = pulumi.AssetArchive({"package/module.py": pulumi.StringAsset(text)})
        a_function(name, role, handler="package.module.handler", code=code)


@pytest_asyncio.fixture(scope="module")
async def site(aws: EmbeddedAws) -> AsyncIterator[Site]:
    async with running(aws, program) as made:
        yield made


async def test_a_handler_sees_what_is_declared_with_local_addresses_and_its_roles_credentials(site: Site) -> None:
    site.addresses.stand("https://ai.example.com", "http://localhost:8080")

    seen = await site.invoke("plain", do="surroundings")

    environment = seen["environment"]
    assert environment["PLACE"] == "http://localhost:8080/v1"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "plain"
    assert environment["AWS_REGION"] == REGION
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.12"
    assert environment["_HANDLER"] == "app.do"
    assert environment["LAMBDA_TASK_ROOT"] == seen["folder"]
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert "PYTEST_CURRENT_TEST" not in environment, "nothing of our own"


async def test_the_context_tells_the_function_who_it_is_and_how_long_it_has(site: Site) -> None:
    qualified = f"{site.arn('plain')}:$LATEST"

    seen = await site.functions.invoke(qualified, {"do": "surroundings"})

    assert seen["arn"] == qualified
    assert (seen["name"], seen["memory"]) == ("plain", "256")
    assert 15_000 < seen["remaining_ms"] <= 20_000
    assert len(seen["request_id"]) == 36


async def test_a_warm_instance_is_used_again_and_has_its_own_scratch_folder(site: Site) -> None:
    first, second = [await site.invoke("plain", do="surroundings") for _ in range(2)]

    assert (first["pid"], first["scratch"]) == (second["pid"], second["scratch"])


async def test_a_function_may_do_what_its_role_allows_and_no_more(site: Site) -> None:
    table = site.output("aws:dynamodb/table:Table", "notes", "name")

    await site.invoke("plain", do="put", table=table, id="1")
    denied = await site.failure("other", do="put", table=table, id="2")

    assert denied["errorType"] == "AccessDeniedException" or "AccessDenied" in denied["errorMessage"]
    assert "dynamodb:PutItem" in denied["errorMessage"]
    assert site.client("dynamodb").scan(TableName=table)["Count"] == 1


async def test_what_a_handler_prints_and_what_lambda_says_is_in_the_functions_log_group(site: Site) -> None:
    await site.invoke("other", do="say", text="hello")

    lines = await site.lines("/aws/lambda/other")
    start = next(number for number, line in enumerate(lines) if line.startswith("START RequestId: "))
    begun = lines[: start + 1]
    assert begun[0] == "loaded"
    assert "hellohello" in lines, "standard output and standard error, in order"
    assert any(line.startswith("[WARNING]\t") and line.endswith("careful: hello") for line in lines)
    ends = [line for line in lines if line.startswith("REPORT RequestId: ")]
    assert "Memory Size: 128 MB" in ends[0]
    assert "Init Duration: " in ends[0]


async def test_lines_are_json_where_that_is_declared(site: Site) -> None:
    await site.invoke("json", do="say", text="hello")

    lines = [json.loads(line) for line in await site.lines("/aws/lambda/json") if line.startswith("{")]
    assert [line["type"] for line in lines if "type" in line] == ["platform.start", "platform.report"]
    spoken = next(line for line in lines if line.get("logger") == "ours")
    assert (spoken["level"], spoken["message"]) == ("WARNING", "careful: hello")
    assert spoken["requestId"] == lines[0]["record"]["requestId"]


async def test_an_exception_is_told_with_its_place_and_leaves_the_instance_as_it_is(site: Site) -> None:
    before = await site.invoke("plain", do="surroundings")

    failure = await site.failure("plain", do="fail", why="no reason")

    assert (failure["errorType"], failure["errorMessage"]) == ("ValueError", "no reason")
    assert "raise ValueError" in failure["stackTrace"][-1]
    assert "bootstrap" not in "".join(failure["stackTrace"])
    assert (await site.invoke("plain", do="surroundings"))["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        ("malformed", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        ("missing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'app'"),
        ("syntax", "Runtime.UserCodeSyntaxError", "Syntax error in module 'package.module'"),
        ("imports", "Runtime.ImportModuleError", "No module named 'nothing_of_that_name'"),
        ("empty", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'package.module'"),
        ("raises", "KeyError", "at import"),
        ("exits", "Runtime.ExitError", "exit status 4"),
    ],
)
async def test_a_function_that_cannot_be_loaded_says_why(site: Site, function: str, kind: str, message: str) -> None:
    failure = await site.failure(function)

    assert failure["errorType"] == kind
    assert message in failure["errorMessage"]


@pytest.mark.parametrize(
    ("event", "kind", "message"),
    [
        ({"do": "answer_a_set"}, "Runtime.MarshalError", "Object of type set is not JSON serializable"),
        ({"do": "answer_much", "size_bytes": 6_291_555}, "Function.ResponseSizeTooLarge", "(6291556 bytes)"),
        ({"do": "echo", "text": "x" * 6 * 2**20}, "RequestTooLargeException", "smaller than 6291456 bytes"),
        ({"do": "leave", "code": 3}, "Runtime.ExitError", "Runtime exited with error: exit status 3"),
        ({"do": "leave", "code": 0}, "Runtime.ExitError", "Runtime exited without providing a reason"),
        ({"do": "take_memory", "size_bytes": 2**30}, "MemoryError", ""),
        ({"do": "import_ours"}, "ModuleNotFoundError", "opencode_local"),
    ],
)
async def test_an_answer_that_lambda_would_not_take_is_an_error(
    site: Site, event: dict[str, object], kind: str, message: str
) -> None:
    failure = await site.failure("plain", **event)

    assert failure["errorType"] == kind
    assert message in failure["errorMessage"]


async def test_a_function_that_takes_too_long_is_killed_and_the_next_event_gets_a_new_instance(site: Site) -> None:
    before = await site.invoke("hasty", do="surroundings")

    failure = await site.failure("hasty", do="hang")

    assert failure["errorType"] == "Sandbox.Timedout"
    assert failure["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert not psutil.pid_exists(before["pid"])
    assert (await site.invoke("hasty", do="surroundings"))["pid"] != before["pid"]
    assert any("Task timed out after 1.00 seconds" in line for line in await site.lines("/aws/lambda/hasty"))


async def test_no_more_instances_run_than_are_reserved(site: Site, tmp_path: Path) -> None:
    busy = asyncio.create_task(site.invoke("narrow", do="wait_for_file", path=str(tmp_path / "go")))
    await asyncio.sleep(0)

    with pytest.raises(Throttled):
        await site.invoke("narrow", do="echo")
    with pytest.raises(Throttled):
        await site.invoke("closed", do="echo")

    (tmp_path / "go").touch()
    assert await busy > 0


async def test_events_at_the_same_time_have_an_instance_each(site: Site, tmp_path: Path) -> None:
    asked = [asyncio.create_task(site.invoke("plain", do="wait_for_file", path=str(tmp_path / "go"))) for _ in range(3)]
    await asyncio.sleep(0)
    (tmp_path / "go").touch()

    assert len(set(await asyncio.gather(*asked))) == 3


async def test_an_invocation_goes_on_when_nobody_waits_any_more(site: Site, tmp_path: Path) -> None:
    given_up = asyncio.create_task(site.invoke("plain", do="wait_for_file", path=str(tmp_path / "go")))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)

    (tmp_path / "go").touch()

    assert await site.invoke("plain", do="echo") == {"do": "echo"}


async def test_a_function_finds_what_its_layers_hold(site: Site) -> None:
    assert await site.invoke("layered") == "shared"


async def test_a_function_that_is_not_declared_is_not_found(site: Site) -> None:
    with pytest.raises(LookupError, match="Function not found"):
        await site.functions.invoke(f"{site.arn('plain')}-2", {})
    with pytest.raises(LookupError, match="is not the ARN of a function"):
        await site.functions.invoke("plain", {})


async def test_the_status_names_every_function(site: Site) -> None:
    names = {line.name for line in site.functions.status() if line.kind == "function"}

    assert {"plain", "narrow", "closed"} <= names


@pytest.mark.parametrize("idle_s", [0.0, 300.0])
async def test_no_instance_is_left_when_it_has_been_idle_or_functions_have_stopped(
    aws: EmbeddedAws, idle_s: float
) -> None:
    async with running(aws, lambda: a_function("brief", a_role("brief")), Timing(idle_s=idle_s)) as site:
        instance = psutil.Process((await site.invoke("brief", do="surroundings"))["pid"])
        if idle_s == 0:
            await asyncio.to_thread(psutil.wait_procs, [instance], timeout=10)
            assert not instance.is_running()

    assert not instance.is_running()


async def test_another_runtime_is_refused_by_name(aws: EmbeddedAws) -> None:
    with pytest.raises(UnsupportedFunction, match=r"runtime nodejs22\.x does not run locally"):
        async with running(aws, lambda: a_function("node", a_role("node"), runtime="nodejs22.x")):
            pass
