"""Requests to targets that are functions."""

import logging

from aiohttp import web

from opencode_local.balancer import answers, lambda_target
from opencode_local.balancer.exchange import Exchange
from opencode_local.balancer.idling import Idling
from opencode_local.balancer.limits import MAX_FUNCTION_BYTES
from opencode_local.balancer.response_headers import RELAYED
from opencode_local.balancer.target_groups import TargetGroup
from opencode_local.functions.invocation import FunctionFailed, Throttled

logger = logging.getLogger(__name__)


async def forward(exchange: Exchange, group: TargetGroup, idle_timeout_s: float) -> web.StreamResponse:
    """The function's answer, or the load balancer's own where it gives none."""
    registration = group.choose()
    if registration is None:
        return answers.error(503)
    if exchange.is_websocket:
        return answers.error(400)
    try:
        async with registration.opened(idle_timeout_s) as idling:
            body = await _body(exchange.request, idling)
            if body is None:
                return answers.error(413)
            idling.suspend()
            answer = await _answer(exchange, group, registration.target.id, body)
            return await exchange.begin(answer, registration.target)
    except TimeoutError:
        return answers.error(502 if idling.was_cut else 408)
    except (FunctionFailed, Throttled, LookupError, lambda_target.Malformed) as error:
        logger.info("%s %s at %s: %r", exchange.request.method, exchange.request.path, registration.target.id, error)
        return answers.error(502)


async def _answer(exchange: Exchange, group: TargetGroup, function_arn: str, body: bytes) -> web.Response:
    if group.invoke is None:
        raise LookupError(f"{group.name} has nobody who can ask {function_arn}")
    is_multi_value = bool(group.properties.get("lambdaMultiValueHeadersEnabled"))
    question = lambda_target.event(
        exchange.request, exchange.headers, body, group_arn=group.arn, is_multi_value=is_multi_value
    )
    answer = lambda_target.answer(await group.invoke(function_arn, question), is_multi_value=is_multi_value)
    answer[RELAYED] = answer.headers.copy()
    return answer


async def _body(request: web.BaseRequest, idling: Idling) -> bytes | None:
    """None when it is too large."""
    if (request.content_length or 0) > MAX_FUNCTION_BYTES:
        return None
    body = bytearray()
    async for piece in request.content.iter_any():
        idling.moved()
        body += piece
        if len(body) > MAX_FUNCTION_BYTES:
            return None
    return bytes(body)
