"""What a person sees of the device flow: the code is typed here, and answered for."""

from flask import Flask, abort, render_template, request
from flask.typing import ResponseReturnValue

from opencode_local.issuer.authorization import Authorization
from opencode_local.issuer.pages import SignInPages, check_form
from opencode_local.issuer.store import Answer, DeviceRequest, SignIn, new_sign_in


class DevicePages:
    """The HTML routes of the device flow."""

    def __init__(self, server: Authorization, sign_in: SignInPages) -> None:
        self._server = server
        self._sign_in = sign_in

    def add_to(self, app: Flask) -> None:
        app.add_url_rule("/device", "device", self.device, methods=["GET"])
        app.add_url_rule("/device", "device_answered", self.device_answered, methods=["POST"])

    def device(self) -> ResponseReturnValue:
        user_code = request.args.get("user_code", "")
        device = self._server.store.waiting_device(user_code)
        if device is None:
            return render_template("device.html", user_code=user_code), 404 if user_code else 200
        return self._sign_in.picker(
            self._server.clients[device.client_id],
            action="/device",
            user_code=device.user_code,
            answer_goes_to="the waiting device",
        )

    def device_answered(self) -> ResponseReturnValue:
        check_form()
        device = self._server.store.waiting_device(request.form.get("user_code", ""))
        if device is None or not self._server.store.answer(device.device_code, self._answer(device)):
            abort(404, "No device waits for this code: it has expired, or was answered already.")
        return render_template("message.html", title="Done", text="You can close this page and go back to the device.")

    def _answer(self, device: DeviceRequest) -> SignIn | Answer:
        picked = self._sign_in.picked()
        if picked is None:
            return Answer.DENIED
        now_s = self._server.store.clock()
        return new_sign_in(picked, client_id=device.client_id, scope=device.scope, now_s=now_s)
