"""Names of functions: ARNs with and without a qualifier, and the ones that API Gateway has for them."""

import re

FUNCTION = re.compile(r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+)(?::([\w$-]+))?")
INVOKE = re.compile(r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/[\d-]+/functions/(.+)/invocations")


def unqualified(function_arn: str) -> str:
    """Without a version or alias; raises LookupError for what is no function's ARN."""
    found = FUNCTION.fullmatch(function_arn)
    if found is None:
        raise LookupError(f"{function_arn} is not the ARN of a function")
    return found[1]


def function_arn(uri: str) -> str:
    """The function in an integration's URI, which may be its ARN or API Gateway's name for it.

    Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs" (read 2026-11-21).
    """
    found = INVOKE.fullmatch(uri)
    return found[1] if found else uri


def is_named(given: str, arn: str) -> bool:
    """Whether a program's function name, partial ARN or ARN, qualified or not, means the function of this ARN."""
    name = arn.rpartition(":")[2]
    account = arn.split(":")[4]
    plain = FUNCTION.fullmatch(given)
    if plain:
        return plain[1] == arn
    return given.split(":", maxsplit=1)[0] == name or given in {f"{account}:function:{name}", f"function:{name}"}
