"""Functions: code from an archive or a bucket, how it is run, and as whom.

Rules: service model of Lambda; terraform-provider-aws, internal/service/lambda/function.go (read 2026-11-21).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opencode_local import archives
from opencode_local.provider.aws import Aws, found
from opencode_local.provider.errors import AwsError
from opencode_local.provider.finishing import finishing
from opencode_local.provider.handler import AutoName, Fault, Handler, Properties
from opencode_local.provider.handlers.lambda_roles import require_role
from opencode_local.provider.members import block, reported, request, unsupported, value, values
from opencode_local.provider.tags import changes

KEPT = (
    *values("architectures", "packageType"),
    value("kmsKeyArn", "KMSKeyArn"),
    block("ephemeralStorage", value("size")),
    block(
        "loggingConfig",
        *values("applicationLogLevel", "logFormat", "logGroup", "systemLogLevel"),
    ),
    block("tracingConfig", value("mode")),
    block("vpcConfig", *values("ipv6AllowedForDualStack", "securityGroupIds", "subnetIds")),
)
"""The store keeps what the embedded AWS forgets of a function, or does not let be changed."""
SETTINGS = (
    *values("description", "handler", "memorySize", "role", "runtime", "timeout", "layers"),
    block("environment", value("variables")),
)
CODE = ("code", "s3Bucket", "s3Key", "s3ObjectVersion", "sourceCodeHash", "codeSha256")
OTHERS = ("name", "publish", "skipDestroy", "reservedConcurrentExecutions", *CODE)
STORED_KIND = "function settings"
DEFAULTS = {
    "Architectures": ["x86_64"],
    "PackageType": "Zip",
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
}
EMPTIED: Mapping[str, Any] = {
    "Description": "",
    "MemorySize": 128,
    "Timeout": 3,
    "Layers": [],
    "Environment": {"Variables": {}},
}
"""What an update sends for settings that are no longer declared."""
TIMEOUTS_S = range(1, 901)
MEMORY_MB = range(128, 32769)
GONE = "ResourceNotFoundException"


class Function(Handler):
    token = "aws:lambda/function:Function"
    replace_on = frozenset({"name", "packageType"})
    filled_by_aws = frozenset(
        {"architectures", "codeSha256", "ephemeralStorage", "loggingConfig", "sourceCodeHash", "tracingConfig"}
    )
    auto_name = AutoName("name", 64)

    def check(self, aws: Aws, inputs: Properties) -> Sequence[Fault]:
        return [*unsupported((*SETTINGS, *KEPT), inputs, *OTHERS), *_faults(inputs)]

    def create(self, aws: Aws, inputs: Properties) -> str:
        name, kept = inputs["name"], _kept(inputs)
        require_role(aws, "CreateFunction", inputs["role"])
        wanted = {**request(SETTINGS, inputs), **kept}
        code = _code("CreateFunction", inputs)
        aws.validate("lambda", "CreateFunction", FunctionName=name, Code=code, **wanted)
        _refuse_same_name(aws, name)
        passed = {key: part for key, part in wanted.items() if key != "LoggingConfig"}
        aws.client("lambda").create_function(
            FunctionName=name,
            Code=code,
            Publish=bool(inputs.get("publish")),
            Tags=inputs.get("tagsAll") or {},
            **passed,
        )
        aws.store.put(STORED_KIND, name, kept)
        with finishing(name, inputs):
            _reserve(aws, name, inputs)
        return str(name)

    def read(self, aws: Aws, id_: str, inputs: Properties) -> Properties | None:
        client = aws.client("lambda")
        answer = found(client.get_function, GONE, FunctionName=id_)
        if answer is None:
            return None
        there = answer["Configuration"]
        arn = str(there["FunctionArn"])
        kept = {**DEFAULTS, **(aws.store.get(STORED_KIND, id_) or {})}
        kept.setdefault("LoggingConfig", {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{id_}"})
        layers = [layer["Arn"] for layer in there.get("Layers") or ()]
        return {
            **reported(SETTINGS, {**there, "Layers": layers}, inputs),
            **reported(KEPT, kept, inputs),
            **_computed(aws, arn, there),
            "name": id_,
            "version": _latest_version(client, id_),
            "reservedConcurrentExecutions": _reserved(client, id_),
            "tagsAll": client.list_tags(Resource=arn)["Tags"],
        }

    def update(self, aws: Aws, id_: str, old: Properties, new: Properties) -> None:
        client, kept = aws.client("lambda"), _kept(new)
        require_role(aws, "UpdateFunctionConfiguration", new["role"])
        wanted = {**EMPTIED, **request(SETTINGS, new)}
        updated = {key: part for key, part in kept.items() if key not in {"Architectures", "PackageType"}}
        aws.validate("lambda", "UpdateFunctionConfiguration", FunctionName=id_, **wanted, **updated)
        client.update_function_configuration(FunctionName=id_, **wanted)
        aws.store.put(STORED_KIND, id_, kept)
        if any(old.get(name) != new.get(name) for name in CODE):
            client.update_function_code(FunctionName=id_, **_code("UpdateFunctionCode", new))
        if new.get("publish"):
            client.publish_version(FunctionName=id_)
        _reserve(aws, id_, new)
        _retag(aws, id_, old, new)

    def delete(self, aws: Aws, id_: str, properties: Properties) -> None:
        if properties.get("skipDestroy"):
            return
        found(aws.client("lambda").delete_function, GONE, FunctionName=id_)
        aws.store.delete(STORED_KIND, id_)


def invoke_arn(aws: Aws, function_arn: str, version: str = "2015-03-31", way: str = "invocations") -> str:
    """How API Gateway names a function."""
    return f"arn:{aws.partition}:apigateway:{aws.region}:lambda:path/{version}/functions/{function_arn}/{way}"


def require_function(aws: Aws, operation: str, function: str) -> str:
    """The ARN of a function named in any way. Raises AwsError when there is none."""
    client = aws.client("lambda")
    answer = found(client.get_function, GONE, FunctionName=function)
    if answer is None:
        arn = function if function.startswith("arn:") else aws.arn("lambda", f"function:{function}")
        raise AwsError(GONE, f"Function not found: {arn}", operation)
    return str(answer["Configuration"]["FunctionArn"])


def _computed(aws: Aws, arn: str, there: Mapping[str, Any]) -> Properties:
    qualified = f"{arn}:{there['Version']}"
    return {
        "arn": arn,
        "invokeArn": invoke_arn(aws, arn),
        "qualifiedArn": qualified,
        "qualifiedInvokeArn": invoke_arn(aws, qualified),
        "responseStreamingInvokeArn": invoke_arn(aws, arn, "2021-11-15", "response-streaming-invocations"),
        "lastModified": str(there["LastModified"]),
        "codeSha256": there["CodeSha256"],
        "sourceCodeSize": there["CodeSize"],
    }


def _faults(inputs: Properties) -> Iterator[Fault]:
    if inputs.get("packageType", "Zip") != "Zip":
        yield Fault("packageType", "functions from container images are not supported by the local AWS")
    sources = [name for name in ("code", "s3Bucket") if inputs.get(name) is not None]
    if len(sources) != 1:
        yield Fault("code", "one of `code,s3Bucket` must be specified")
    if inputs.get("handler") is None or inputs.get("runtime") is None:
        yield Fault("handler", "handler and runtime must be set when PackageType is Zip")
    for name, allowed in (("timeout", TIMEOUTS_S), ("memorySize", MEMORY_MB)):
        if inputs.get(name) is not None and inputs[name] not in allowed:
            yield Fault(name, f"expected {name} to be in the range ({allowed[0]} - {allowed[-1]}), got {inputs[name]}")


def _kept(inputs: Properties) -> dict[str, Any]:
    return {**DEFAULTS, **request(KEPT, inputs)}


def _code(operation: str, inputs: Properties) -> dict[str, Any]:
    """The code member of a request. Raises AwsError for an archive that is not on this machine."""
    if inputs.get("code") is None:
        names = {"s3Bucket": "S3Bucket", "s3Key": "S3Key", "s3ObjectVersion": "S3ObjectVersion"}
        return {member: inputs[name] for name, member in names.items() if inputs.get(name) is not None}
    try:
        return {"ZipFile": archives.zipped(inputs["code"])}
    except archives.UnreadableArchive as error:
        raise AwsError("InvalidParameterValueException", f"Could not read the code: {error}", operation) from error


def _refuse_same_name(aws: Aws, name: str) -> None:
    if found(aws.client("lambda").get_function, GONE, FunctionName=name) is not None:
        raise AwsError("ResourceConflictException", f"Function already exist: {name}", "CreateFunction")


def _latest_version(client: Any, name: str) -> str:
    """The newest published one, `$LATEST` when none is."""
    return str(client.list_versions_by_function(FunctionName=name)["Versions"][-1]["Version"])


def _reserved(client: Any, name: str) -> int | None:
    """None where nothing is reserved, which a program may write as -1."""
    reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
    return None if reserved is None else int(reserved)


def _reserve(aws: Aws, name: str, inputs: Properties) -> None:
    client, wanted = aws.client("lambda"), inputs.get("reservedConcurrentExecutions")
    if wanted is None or wanted < 0:
        client.delete_function_concurrency(FunctionName=name)
    else:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=wanted)


def _retag(aws: Aws, name: str, old: Properties, new: Properties) -> None:
    arn = aws.arn("lambda", f"function:{name}")
    added, removed = changes(old.get("tagsAll"), new.get("tagsAll"))
    if added:
        aws.client("lambda").tag_resource(Resource=arn, Tags=added)
    if removed:
        aws.client("lambda").untag_resource(Resource=arn, TagKeys=removed)


HANDLERS = (Function(),)
