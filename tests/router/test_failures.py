"""Upstream errors, whatever shape they have, become the error that the caller should see."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_router import errors
from opencode_router.bedrock.failures import failure, http_failure

AWS_TYPE = "x-amzn-ErrorType"
NESTED = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "type", "code"]), inner),
)


@pytest.mark.parametrize(
    ("error_type", "kind"),
    [
        ("throttlingException", errors.Throttled),
        ("ThrottlingException", errors.Throttled),
        ("com.amazon.coral.service#ThrottlingException", errors.Throttled),
        ("ThrottlingException:http://internal.amazon.com/coral/", errors.Throttled),
        ("serviceQuotaExceededException", errors.Throttled),
        ("rate_limit_error", errors.Throttled),
        ("429", errors.Throttled),
        ("validationException", errors.BadRequest),
        ("invalid_request_error", errors.BadRequest),
        ("400", errors.BadRequest),
        ("context_length_exceeded", errors.ContextTooLong),
        ("modelStreamErrorException", errors.UpstreamFailed),
        ("internalServerException", errors.UpstreamFailed),
        ("modelErrorException", errors.UpstreamFailed),
        ("api_error", errors.UpstreamFailed),
        ("server_error", errors.UpstreamFailed),
        ("500", errors.UpstreamFailed),
        ("serviceUnavailableException", errors.Unavailable),
        ("modelNotReadyException", errors.Unavailable),
        ("overloaded_error", errors.Unavailable),
        ("modelTimeoutException", errors.UpstreamTimeout),
        ("timeout_error", errors.UpstreamTimeout),
        ("accessDeniedException", errors.Forbidden),
        ("authentication_error", errors.Forbidden),
        ("resourceNotFoundException", errors.NotFound),
        ("not_found_error", errors.NotFound),
        ("conflictException", errors.Conflict),
        ("somethingNewException", errors.UpstreamFailed),
        ("", errors.UpstreamFailed),
    ],
)
def test_an_error_named_in_a_stream_has_its_kind(error_type: str, kind: type[errors.RouterError]) -> None:
    found = failure(error_type, "what happened")

    assert type(found) is kind
    assert found.message == "what happened"
    assert found.retry_after_s == (1 if kind in (errors.Throttled, errors.Unavailable) else None)


def test_the_gateways_own_account_and_role_are_not_told() -> None:
    role = "arn:aws:sts::123456789012:assumed-role/gateway-task/a1b2"
    model = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6"
    told = failure("accessDeniedException", f"User: {role} is not authorized to perform this on resource: {model}")

    assert "123456789012" not in told.message
    assert "gateway-task" not in told.message
    assert model in told.message


def test_an_error_without_a_message_is_told_by_its_name() -> None:
    assert failure("quantumException", "").message == "the model failed with quantumException"
    assert failure("", "").message == "the model failed with an unnamed error"


@pytest.mark.parametrize(
    "text",
    [
        "Input is too long for requested model.",
        "The model returned the following errors: prompt is too long: 215000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000",
        "This model's maximum context length is 8192 tokens. Please reduce the length of the prompt",
        "Too many input tokens. Max input tokens: 8192, request input token count: 9000",
        "Input Tokens Exceeded: Number of input tokens exceeds maximum length",
        "Your input exceeds the context window of this model.",
    ],
)
def test_a_prompt_that_does_not_fit_is_told_apart_from_other_bad_requests(text: str) -> None:
    found = failure("validationException", text)

    assert isinstance(found, errors.ContextTooLong)
    assert (found.status, found.code, found.message) == (400, "context_length_exceeded", text)


@pytest.mark.parametrize(
    ("error_type", "text"),
    [
        ("validationException", "Invalid 'tools[0].name': string too long. Expected at most 64 characters"),
        ("throttlingException", "Too many input tokens, please wait before trying again."),
    ],
)
def test_other_lengths_and_token_rates_are_not_the_context(error_type: str, text: str) -> None:
    assert not isinstance(failure(error_type, text), errors.ContextTooLong)


@pytest.mark.parametrize(
    ("status", "aws_type", "kind"),
    [
        (400, "ValidationException", errors.BadRequest),
        (403, "AccessDeniedException", errors.Forbidden),
        (403, "UnrecognizedClientException", errors.Forbidden),
        (401, "", errors.Forbidden),
        (404, "ResourceNotFoundException", errors.NotFound),
        (408, "ModelTimeoutException", errors.UpstreamTimeout),
        (424, "ModelErrorException", errors.UpstreamFailed),
        (424, "ModelStreamErrorException", errors.UpstreamFailed),
        (429, "ThrottlingException", errors.Throttled),
        (429, "ModelNotReadyException", errors.Unavailable),
        (400, "ServiceQuotaExceededException", errors.Throttled),
        (500, "InternalServerException", errors.UpstreamFailed),
        (503, "ServiceUnavailableException", errors.Unavailable),
        (504, "", errors.UpstreamTimeout),
        (502, "", errors.UpstreamFailed),
        (529, "", errors.Unavailable),
        (302, "", errors.UpstreamFailed),
        (418, "BrewException", errors.UpstreamFailed),
    ],
)
def test_an_aws_error_response_has_its_kind_and_its_text(
    status: int, aws_type: str, kind: type[errors.RouterError]
) -> None:
    found = http_failure(status, {AWS_TYPE: f"{aws_type}:http://internal/"}, b'{"message": "because"}')

    assert type(found) is kind
    assert found.message == "because"


@pytest.mark.parametrize(
    "body", [b'{"Message": "because"}', b'{"message": "because", "__type": "x#ThrottlingException"}']
)
def test_older_aws_bodies_are_read(body: bytes) -> None:
    assert http_failure(429, {}, body).message == "because"


def test_an_openai_error_keeps_its_parameter() -> None:
    body = {"error": {"message": "no", "type": "invalid_request_error", "param": "tools[0]", "code": None}}

    found = http_failure(400, {}, json.dumps(body).encode())

    assert (type(found), found.message, found.param) == (errors.BadRequest, "no", "tools[0]")


def test_an_openai_code_says_more_than_its_type_and_status() -> None:
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": "context_length_exceeded"}}

    assert isinstance(http_failure(400, {}, json.dumps(body).encode()), errors.ContextTooLong)


def test_a_status_says_more_than_a_vague_type() -> None:
    body = {"error": {"message": "no such thing", "type": "invalid_request_error", "code": 404}}

    assert isinstance(http_failure(404, {}, json.dumps(body).encode()), errors.NotFound)


@pytest.mark.parametrize(
    ("status", "error_type", "kind"),
    [
        (429, "rate_limit_error", errors.Throttled),
        (529, "overloaded_error", errors.Unavailable),
        (401, "authentication_error", errors.Forbidden),
        (500, "overloaded_error", errors.Unavailable),
    ],
)
def test_an_anthropic_error_has_its_kind(status: int, error_type: str, kind: type[errors.RouterError]) -> None:
    body = {"type": "error", "error": {"type": error_type, "message": "no"}, "request_id": "req_1"}

    found = http_failure(status, {}, json.dumps(body).encode())

    assert (type(found), found.message) == (kind, "no")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 1), ("60", 60), ("3600", 60), ("9" * 5000, 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("", 1)],
)
@pytest.mark.parametrize("name", ["Retry-After", "retry-after"])
def test_the_wait_is_between_a_second_and_a_minute(name: str, value: str, seconds: int) -> None:
    assert http_failure(429, {name: value}, b"").retry_after_s == seconds


def test_a_throttle_without_a_wait_gets_one() -> None:
    assert http_failure(429, {}, b"").retry_after_s == 1


def test_only_refusals_for_now_ask_to_wait() -> None:
    assert http_failure(400, {"Retry-After": "5"}, b"").retry_after_s is None


def test_a_web_page_is_reduced_to_what_it_says() -> None:
    page = b"<html><head><title>502</title><style>p {}</style></head>\n<body><h1>Bad Gateway</h1> nginx</body></html>"

    assert http_failure(502, {}, page).message == "Bad Gateway nginx"


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[]", b"17", b'{"error": null}', b'{"message": ""}'])
def test_a_response_that_says_nothing_is_told_by_status_and_name(body: bytes) -> None:
    assert http_failure(500, {}, body).message == "Bedrock answered 500 without a reason"
    assert http_failure(500, {AWS_TYPE: "OddException"}, body).message == "Bedrock answered 500 OddException"


def test_an_error_that_is_only_text_is_that_text() -> None:
    assert http_failure(500, {}, b'{"error": "out of order"}').message == "out of order"


@settings(deadline=None)
@given(
    st.integers(300, 599),
    st.binary(max_size=200) | st.recursive(st.none(), st.lists).map(lambda x: json.dumps(x).encode()),
)
def test_no_response_is_too_odd_to_be_told(status: int, body: bytes) -> None:
    found = http_failure(status, {}, body)

    assert found.message
    assert found.status >= 400
    assert found.status != 401, "the caller's own credentials are not at fault"
