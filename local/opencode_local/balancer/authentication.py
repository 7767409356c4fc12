"""The actions of a rule that ask who is there: `jwt-validation`, `authenticate-oidc`, `authenticate-cognito`."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from opencode_components.testing.graph import Graph
from opencode_local.addresses import Addresses
from opencode_local.balancer import answers
from opencode_local.balancer.identity_headers import IdentityHeaders
from opencode_local.balancer.identity_providers import SETTINGS, Provider, Providers
from opencode_local.balancer.key_sets import KeySets, NoKeys
from opencode_local.balancer.outgoing import TIMEOUT_S, new_session
from opencode_local.balancer.session_cookies import Place
from opencode_local.balancer.sign_in import CALLBACK_PATH, SignIns
from opencode_local.balancer.token_check import Refused, TokenCheck
from opencode_local.balancer.token_exchange import SignInFailed, TokenExchange

Action = Mapping[str, Any]
TYPES = ("jwt-validation", *SETTINGS)
HOST = "127.0.0.1"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The request may go on to the next action."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Set for the target. Whatever the client sent under `x-amzn-oidc-*` never reaches it, with or without these."""
    set_cookies: Sequence[str] = ()
    """Values of `Set-Cookie` that are added to the target's answer."""


class Authentication:
    """What all load balancers of a run share: keys, sessions, and what they know of identity providers."""

    def __init__(
        self,
        graph: Graph,
        *,
        addresses: Addresses,
        region: str,
        clock: Callable[[], float] = time.time,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._addresses = addresses
        self._region = region
        self._clock = clock
        self._timeout_s = timeout_s
        self._providers = Providers(graph, addresses)
        self._identity = IdentityHeaders(clock)
        self._running: Running | None = None
        self.public_keys_url = ""

    async def start(self) -> str:
        """The origin of the public keys, which from then on stands for the region's own."""
        session = new_session(self._timeout_s)
        app = web.Application()
        app.router.add_get("/{key_id}", self._public_key)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        self._running = Running(
            session=session,
            runner=runner,
            token_check=TokenCheck(KeySets(session, self._clock), self._addresses, self._clock),
            sign_ins=SignIns(TokenExchange(session, self._clock), self._clock),
        )
        self.public_keys_url = f"http://{HOST}:{runner.addresses[0][1]}"
        self._addresses.stand(f"https://public-keys.auth.elb.{self._region}.amazonaws.com", self.public_keys_url)
        return self.public_keys_url

    async def stop(self) -> None:
        """Does nothing if it does not run."""
        running, self._running = self._running, None
        if running:
            await running.sign_ins.stop()
            await running.session.close()
            await running.runner.cleanup()

    async def authenticate(
        self, action: Action, request: web.Request, *, balancer_arn: str
    ) -> Passed | web.StreamResponse:
        """What one action says to a request; an answer instead of Passed goes to the client.

        `action` is as a rule or listener declares it. Raises LookupError for a Cognito client that is not declared.
        """
        if action["type"] == "jwt-validation":
            return await self._token_checked(action["jwtValidation"], request)
        try:
            return await self._person_checked(self._providers.of(action), request, balancer_arn)
        except SignInFailed as failure:
            return refused(request, failure)

    async def callback(self, request: web.Request, actions: Sequence[Action]) -> web.StreamResponse | None:
        """The answer to a browser that comes back from a provider; None for every other request.

        To be asked before the rules are: the path `/oauth2/idpresponse` need not match the rule that sent the browser
        away. `actions` are those of all the listener's rules; without one that signs people in, the path is an
        ordinary one.
        """
        is_ours = self._now.sign_ins.is_known(request) or any(action["type"] in SETTINGS for action in actions)
        if request.path != CALLBACK_PATH or not is_ours:
            return None
        try:
            return await self._now.sign_ins.finished(request)
        except SignInFailed as failure:
            return refused(request, failure)

    async def _token_checked(self, demanded: Mapping[str, Any], request: web.Request) -> Passed | web.StreamResponse:
        try:
            await self._now.token_check.check(demanded, request)
        except Refused as refusal:
            logger.info("%s %s: %s", request.method, request.path, refusal)
            return answers.error(401)
        except NoKeys as error:
            logger.warning("%s %s: %s", request.method, request.path, error)
            return answers.error(500)
        return Passed()

    async def _person_checked(
        self, provider: Provider, request: web.Request, balancer_arn: str
    ) -> Passed | web.StreamResponse:
        place = Place(
            cookie_name=provider.cookie_name,
            balancer_arn=balancer_arn,
            issuer=provider.issuer,
            client_id=provider.client_id,
        )
        sign_ins = self._now.sign_ins
        session, set_cookies = await sign_ins.present(request, provider, place)
        if session:
            return Passed(headers=self._identity.of(session, place), set_cookies=set_cookies)
        if provider.on_unauthenticated == "allow":
            return Passed()
        if provider.on_unauthenticated == "deny":
            return answers.error(401)
        return sign_ins.begun(request, provider, place)

    async def _public_key(self, request: web.Request) -> web.Response:
        if request.match_info["key_id"] != self._identity.key_id:
            raise web.HTTPNotFound
        return web.Response(text=self._identity.public_key_pem())

    @property
    def _now(self) -> "Running":
        if self._running is None:
            raise RuntimeError("the authentication has not been started")
        return self._running


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What there is between start and stop."""

    session: aiohttp.ClientSession
    runner: web.AppRunner
    token_check: TokenCheck
    sign_ins: SignIns


def refused(request: web.Request, failure: SignInFailed) -> web.Response:
    logger.info("%s %s: %s", request.method, request.path, failure)
    return answers.error(failure.status)
