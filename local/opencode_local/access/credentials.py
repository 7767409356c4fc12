"""Credentials of tasks and functions: sessions of their declared roles, handed out as ECS does.

Sources: ECS developer guide, "Amazon ECS task IAM role" and "Identity and Access Management for Amazon ECS"
troubleshooting; AWS SDKs reference guide, "Container credential provider"; amazon-ecs-agent, handlers/v1/credentials
(read 2026-11-21).
"""

import asyncio
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from opencode_local.access.session import Session
from opencode_local.access.sessions import Sessions
from opencode_local.access.trust import TASKS, check_trust, may_call_bedrock

LIFE_S = 3600
PATH = "/v2/credentials/{id}"
NO_ID = {
    "code": "NoCredentialsAssociated",
    "message": "No credentials are associated with this id",
    "HTTPErrorCode": 404,
}
BAD_TOKEN = {
    "code": "AccessDeniedException",
    "message": "Token does not belong to these credentials",
    "HTTPErrorCode": 403,
}


class OwnCredentialsTaken(Exception):
    """The caller's own credentials can stand for one role alone, and another one has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one task may fetch."""

    role_arn: str
    name: str
    token: str = field(repr=False)


class TaskCredentials:
    """The container credentials endpoint, and what it hands out."""

    def __init__(self, sessions: Sessions, *, life_s: int = LIFE_S, own: Any | None = None) -> None:
        """`own`: botocore's credentials of whoever runs this, for roles that call the real Bedrock; None: none are."""
        self.url = ""
        self._sessions = sessions
        self._life_s = life_s
        self._own = own
        self._own_role_arn = ""
        self._grants: dict[str, Grant] = {}
        self._open: dict[tuple[str, str], list[Session]] = {}
        """By role and name, newest last."""
        self._lock = threading.Lock()
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Serves on loopback until `stop`; returns the origin."""
        app = web.Application()
        app.router.add_get(PATH, self._fetch)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self.url

    async def stop(self) -> None:
        """All that was handed out stops working."""
        for name in {grant.name for grant in self._grants.values()} | {name for _, name in self._open}:
            self.forget(name)
        if self._runner is not None:
            await self._runner.cleanup()

    def environment(self, role_arn: str, *, source_arn: str, name: str) -> Mapping[str, str]:
        """The variables by which the SDKs of one task find its credentials. `source_arn` is the ECS task's.

        Raises NotTrusted when the role is not for tasks, OwnCredentialsTaken.
        """
        check_trust(self._sessions.account, role_arn, service=TASKS, source_arn=source_arn)
        self._claim_own(role_arn)
        id_, token = str(uuid4()), secrets.token_urlsafe(32)
        self._grants[id_] = Grant(role_arn=role_arn, name=name, token=token)
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}{PATH.format(id=id_)}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
        }

    def session(self, role_arn: str, name: str, *, service: str, source_arn: str) -> Session:
        """The role's session of that name, with at least a third of its life left. `service` is its principal's name.

        Raises NotTrusted when the role does not trust `service` for `source_arn`.
        """
        check_trust(self._sessions.account, role_arn, service=service, source_arn=source_arn)
        return self._current(role_arn, name)

    def forget(self, name: str) -> None:
        """The task has ended: its token and its keys stop working."""
        self._grants = {id_: grant for id_, grant in self._grants.items() if grant.name != name}
        with self._lock:
            ended = [session for key in list(self._open) if key[1] == name for session in self._open.pop(key)]
        for session in ended:
            self._sessions.end(session.access_key_id)

    def _current(self, role_arn: str, name: str) -> Session:
        """One that is replaced lives on to its own end: who has it may still sign with it."""
        now = self._sessions.now()
        with self._lock:
            known = [session for session in self._open.get((role_arn, name), ()) if session.expires_at > now]
            if not known or known[-1].expires_at - now < timedelta(seconds=self._life_s / 3):
                known.append(self._sessions.open(role_arn, name, life_s=self._life_s).session)
            self._open[role_arn, name] = known
        return known[-1]

    def _claim_own(self, role_arn: str) -> None:
        if self._own is None or not may_call_bedrock(role_arn):
            return
        if self._own_role_arn not in {"", role_arn}:
            raise OwnCredentialsTaken(
                f"your own AWS credentials stand for {self._own_role_arn} already; {role_arn} calls Bedrock, too"
            )
        self._own_role_arn = role_arn

    async def _handed_out(self, grant: Grant) -> Session:
        session = self._current(grant.role_arn, grant.name)
        if self._own is None or grant.role_arn != self._own_role_arn:
            return session
        frozen = await asyncio.to_thread(self._own.get_frozen_credentials)
        own = Session(
            role_arn=grant.role_arn,
            access_key_id=frozen.access_key,
            secret_access_key=frozen.secret_key,
            session_token=frozen.token or "",
            expires_at=session.expires_at,
        )
        self._sessions.adopt(own, grant.name, embedded_key_id=session.access_key_id)
        return own

    async def _fetch(self, request: web.Request) -> web.Response:
        grant = self._grants.get(request.match_info["id"])
        if grant is None:
            return web.json_response(NO_ID, status=404)
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), grant.token.encode()):
            return web.json_response(BAD_TOKEN, status=403)
        return web.json_response(document(await self._handed_out(grant)))


def document(session: Session) -> Mapping[str, str]:
    """What ECS answers a task with."""
    return {
        "RoleArn": session.role_arn,
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "Token": session.session_token,
        "Expiration": f"{session.expires_at:%Y-%m-%dT%H:%M:%SZ}",
    }
