"""What a person sees of signing in. Templates are beside this module."""

import secrets
from hmac import compare_digest
from urllib.parse import urlencode, urlsplit

from authlib.oauth2 import OAuth2Error
from flask import Flask, abort, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.clients import Client
from opencode_local.issuer.people import Presence

FORM_FIELDS = ("csrf", "sub")
EXPIRED_FORM = "This page is no longer valid. Go back, reload it and try again."


class SignInPages:
    """The HTML routes of the authorization endpoint."""

    def __init__(self, server: Authorization) -> None:
        self._server = server

    def add_to(self, app: Flask) -> None:
        asking = self._server.dialect.paths["authorization_endpoint"]
        app.add_url_rule(asking, "authorize", self.authorize, methods=["GET", "POST"])
        app.add_url_rule("/login", "login_page", self.authorize, methods=["GET"])
        app.add_url_rule("/login", "login", self.login, methods=["POST"])
        for error in (BadRequest, NotFound):
            app.register_error_handler(error, error_page)

    def authorize(self) -> ResponseReturnValue:
        """Always asks, so that one can be somebody else; only `prompt=none` takes who was picked before."""
        present = self._present()
        try:
            grant = self._server.get_consent_grant(end_user=present)
        except OAuth2Error as error:
            return self._refused(error)
        if request.values.get("prompt") == "none":
            return self._server.authorization_answer(grant, present)
        asked = {name: value for name, value in request.values.items() if name not in FORM_FIELDS}
        return self.picker(
            grant.client, action=f"/login?{urlencode(asked)}", answer_goes_to=urlsplit(grant.redirect_uri).netloc
        )

    def login(self) -> ResponseReturnValue:
        check_form()
        picked = self.picked()
        try:
            grant = self._server.get_consent_grant(end_user=picked)
        except OAuth2Error as error:
            return self._refused(error)
        return self._server.authorization_answer(grant, picked)

    def picker(self, client: Client, **shown: str) -> str:
        """The page that lists everyone; its form carries `sub`, empty for a refusal."""
        everyone = self._server.directory.everyone()
        application = client.name or client.client_id
        return render_template("sign_in.html", users=everyone, csrf=csrf(), application=application, **shown)

    def picked(self) -> Presence | None:
        """Who was picked, remembered for `prompt=none`; None for a refusal."""
        sub = request.form.get("sub")
        if not sub:
            return None
        user = self._server.directory.one(sub)
        if user is None:
            abort(400, "There is no such user here.")
        now_s = int(self._server.store.clock())
        session["sub"], session["since_s"] = sub, now_s
        return Presence(user=user, since_s=now_s)

    def _present(self) -> Presence | None:
        """Who was picked before, unless the client wants it to be more recent (`max_age`, in seconds)."""
        user, since_s = self._server.directory.one(session.get("sub", "")), session.get("since_s", 0)
        max_age_s = request.values.get("max_age", type=int)
        is_too_old = max_age_s is not None and self._server.store.clock() - since_s > max_age_s
        return Presence(user=user, since_s=since_s) if user and not is_too_old else None

    def _refused(self, error: OAuth2Error) -> ResponseReturnValue:
        """To the client if it is known for sure whose fault it is, else to the person."""
        if error.redirect_uri:
            return self._server.error_answer(error)
        return abort(400, f"The application that sent you here made a mistake: {error.get_error_description()}")


def csrf() -> str:
    """The secret that this browser's forms carry."""
    return str(session.setdefault("csrf", secrets.token_urlsafe(16)))


def check_form() -> None:
    """Refuses a form that no page of ours gave to this browser."""
    expected, sent = session.get("csrf", ""), request.form.get("csrf", "")
    if not expected or not compare_digest(expected.encode(), sent.encode()):
        abort(400, EXPIRED_FORM)


def error_page(error: HTTPException) -> ResponseReturnValue:
    return render_template("message.html", title="That did not work", text=error.description), error.code or 500
