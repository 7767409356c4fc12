"""What a person sees of signing out, by the specification.

Source: OpenID Connect RP-Initiated Logout 1.0, 2, 3 and 6 (read 2026-11-21).
"""

from typing import Any

from authlib.common.urls import add_params_to_uri
from flask import Flask, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.pages import check_form, csrf
from opencode_local.issuer.tokens import Unreadable


class SignOutPages:
    """The HTML routes of the end session endpoint."""

    def __init__(self, server: Authorization) -> None:
        self._server = server

    def add_to(self, app: Flask) -> None:
        path = self._server.dialect.paths["end_session_endpoint"]
        app.add_url_rule(path, "logout", self.logout, methods=["GET", "POST"])
        app.add_url_rule("/logged-out", "logged_out", self.logged_out, methods=["GET"])

    def logout(self) -> ResponseReturnValue:
        """Asks first, unless the client proves by an ID token that it knows the person."""
        hint = self._hint()
        if hint is None and request.method == "GET":
            return render_template("logout.html", csrf=csrf())
        if hint is None:
            check_form()
        session.clear()
        client = self._server.clients.get(str(hint["aud"])) if hint else None
        back = request.values.get("post_logout_redirect_uri", "")
        if client is None or not client.check_logout_uri(back):
            return redirect("/logged-out", 303)
        state = request.values.get("state")
        return redirect(add_params_to_uri(back, [("state", state)]) if state else back, 303)

    def logged_out(self) -> ResponseReturnValue:
        return render_template("message.html", title="Signed out", text="You can close this page.")

    def _hint(self) -> dict[str, Any] | None:
        """The claims of the ID token that a client brought, expired or not."""
        hint, client_id = request.values.get("id_token_hint"), request.values.get("client_id")
        if not hint:
            return None
        try:
            claims = self._server.tokens.read("id", hint)
        except Unreadable as error:
            abort(400, f"The request to sign out is not valid: {error}.")
        if client_id not in (None, claims["aud"]):
            abort(400, "The request to sign out is not valid: its ID token was given to another application.")
        return claims
