"""Signing out of a user pool's hosted domain.

Source: Amazon Cognito developer guide, "The managed login sign-out endpoint: /logout" (read 2026-11-21).
"""

from urllib.parse import urlencode

from flask import Flask, abort, redirect, request, session
from flask.typing import ResponseReturnValue

from opencode_local.issuer.authorization import Authorization


class PoolSignOut:
    """`/logout`: back to a declared address of the client, or on to signing in as somebody else."""

    def __init__(self, server: Authorization) -> None:
        self._server = server

    def add_to(self, app: Flask) -> None:
        path = self._server.dialect.paths["end_session_endpoint"]
        app.add_url_rule(path, "logout", self.logout, methods=["GET"])

    def logout(self) -> ResponseReturnValue:
        session.clear()
        client = self._server.clients.get(request.args.get("client_id", ""))
        logout_uri, redirect_uri = request.args.get("logout_uri"), request.args.get("redirect_uri")
        if client and logout_uri and client.check_logout_uri(logout_uri):
            return redirect(logout_uri, 302)
        if client and redirect_uri and client.check_redirect_uri(redirect_uri):
            return redirect(f"/login?{urlencode(request.args)}", 302)
        return abort(400, "The request to sign out names no address that is declared for its client.")
