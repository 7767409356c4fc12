"""Requests that AWS_IAM protects: who has signed them, and whether their role allows the action."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from opencode_local.access.decision import check
from opencode_local.access.needs import Need
from opencode_local.access.session import Session
from opencode_local.access.sessions import Principal, Sessions
from opencode_local.access.signatures import Received, signed, verify


class SignedCallers:
    """The sessions of a run, seen by its event sources."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def admit(self, request: web.Request, body: bytes, *needs: Need) -> Principal:
        """Raises NotAuthentic, or Denied when the role's policies do not allow one of the needs.

        Less than a millisecond of arithmetic: to go to a thread and back takes longer.
        """
        path, _, query = request.raw_path.partition("?")
        received = Received(method=request.method, path=path, query=query, headers=dict(request.headers), body=body)
        return self._admitted(received, needs)

    async def check(self, session: Session, need: Need, *, region: str) -> None:
        """For what AWS does as a role: raises Denied when that role's policies do not allow it."""
        await asyncio.to_thread(self._checked, session, need, region)

    def _checked(self, session: Session, need: Need, region: str) -> None:
        principal = self._sessions.holder(session.access_key_id, session.session_token)
        check(principal, need, region=region, now=self._sessions.now())

    def _admitted(self, received: Received, needs: tuple[Need, ...]) -> Principal:
        claimed, now = signed(received), self._sessions.now()
        principal = self._sessions.holder(claimed.access_key_id, claimed.session_token)
        verify(received, claimed, principal.session.secret_access_key, now)
        for need in needs:
            check(principal, need, region=claimed.region, now=now)
        return principal


def identity(principal: Principal) -> Mapping[str, Any]:
    """`requestContext.authorizer.iam` of payload format 2.0."""
    return {
        "accessKey": principal.session.access_key_id,
        "accountId": principal.account_id,
        "callerId": principal.session.access_key_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": principal.arn,
        "userId": principal.session.access_key_id,
    }
