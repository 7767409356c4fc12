"""What a person sees: who to sign in as, and signing out. Templates are beside this module."""

import secrets
from collections.abc import Sequence
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from flask import Flask, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.people import Presence, User
from opencode_local.issuer.store import Answer, DeviceRequest, SignIn, new_sign_in
from opencode_local.issuer.tokens import Unreadable

FORM_FIELDS = ("csrf", "sub")
EXPIRED_FORM = "This page is no longer valid. Go back, reload it and try again."


class Pages:
    """The HTML routes."""

    def __init__(self, server: Authorization, users: Sequence[User]) -> None:
        self._server = server
        self._users = {user.sub: user for user in users}

    def add_to(self, app: Flask) -> None:
        for rule, methods, view in (
            ("/authorize", ("GET", "POST"), self.authorize),
            ("/login", ("POST",), self.login),
            ("/device", ("GET",), self.device),
            ("/device", ("POST",), self.device_answered),
            ("/logout", ("GET", "POST"), self.logout),
            ("/logged-out", ("GET",), self.logged_out),
        ):
            app.add_url_rule(rule, view.__name__, view, methods=methods)
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
        return self._picker(
            action=f"/login?{urlencode(asked)}",
            client_id=grant.client.client_id,
            answer_goes_to=urlsplit(grant.redirect_uri).netloc,
        )

    def login(self) -> ResponseReturnValue:
        check_form()
        picked = self._picked()
        try:
            grant = self._server.get_consent_grant(end_user=picked)
        except OAuth2Error as error:
            return self._refused(error)
        return self._server.authorization_answer(grant, picked)

    def device(self) -> ResponseReturnValue:
        user_code = request.args.get("user_code", "")
        device = self._server.store.waiting_device(user_code)
        if device is None:
            return render_template("device.html", user_code=user_code), 404 if user_code else 200
        return self._picker(
            action="/device",
            client_id=device.client_id,
            user_code=device.user_code,
            answer_goes_to="the waiting device",
        )

    def device_answered(self) -> ResponseReturnValue:
        check_form()
        device = self._server.store.waiting_device(request.form.get("user_code", ""))
        if device is None or not self._server.store.answer(device.device_code, self._device_answer(device)):
            abort(404, "No device waits for this code: it has expired, or was answered already.")
        return render_template("message.html", title="Done", text="You can close this page and go back to the device.")

    def logout(self) -> ResponseReturnValue:
        """Asks first, unless the client proves by an ID token that it knows the person.

        Source: OpenID Connect RP-Initiated Logout 1.0, 2, 3 and 6 (read 2026-11-21).
        """
        hint = self._hint()
        if hint is None and request.method == "GET":
            return render_template("logout.html", csrf=csrf())
        if hint is None:
            check_form()
        session.clear()
        client = self._server.clients.get(str(hint["aud"])) if hint else None
        back = request.values.get("post_logout_redirect_uri")
        if client is None or back not in client.post_logout_redirect_uris:
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

    def _picker(self, **shown: str) -> str:
        return render_template("sign_in.html", users=self._users.values(), csrf=csrf(), **shown)

    def _picked(self) -> Presence | None:
        """Who was picked, remembered for `prompt=none`; None for a refusal."""
        sub = request.form.get("sub")
        if not sub:
            return None
        if sub not in self._users:
            abort(400, "There is no such user here.")
        now_s = int(self._server.store.clock())
        session["sub"], session["since_s"] = sub, now_s
        return Presence(user=self._users[sub], since_s=now_s)

    def _present(self) -> Presence | None:
        """Who was picked before, unless the client wants it to be more recent (`max_age`, in seconds)."""
        user, since_s = self._users.get(session.get("sub", "")), session.get("since_s", 0)
        max_age_s = request.values.get("max_age", type=int)
        is_too_old = max_age_s is not None and self._server.store.clock() - since_s > max_age_s
        return Presence(user=user, since_s=since_s) if user and not is_too_old else None

    def _device_answer(self, device: DeviceRequest) -> SignIn | Answer:
        picked = self._picked()
        return new_sign_in(picked, client_id=device.client_id, scope=device.scope) if picked else Answer.DENIED

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
