"""A developer with a home of their own: runs the client, plays the browser, looks at what was said."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, ProxyHandler, Request, build_opener

import pytest
from click.testing import CliRunner

from opencode_auth.cli import cli
from opencode_local.issuer import CLI_CLIENT_ID, Issuer
from tests.client.servers import Server, forwarded, json_reply
from tests.local.browser import Form

ROOT = Path(__file__).parents[2]
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+")
FOREIGN = ("OPENCODE_", "ACTIONS_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT", "REQUESTS_CA", "NODE_EXTRA")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(kw_only=True)
class Person:
    """`environment` goes to every command, in this process or in one of its own."""

    home: Path
    gateway: Server
    settings: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, typed: str | None = None, **variables: str) -> Done:
        """The command in this process."""
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.upper().startswith(FOREIGN)]:
                patch.delenv(name)
            for name, value in {**self.environment, **variables}.items():
                patch.setenv(name, value)
            result = CliRunner().invoke(cli, args, input=typed, prog_name="opencode-auth")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(code=result.exit_code, out=result.stdout, err=result.stderr)

    def started(self, *args: str, **variables: str) -> "subprocess.Popen[str]":
        """The command as a process of its own, as a person starts it."""
        pipe = subprocess.PIPE
        return subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-m", "opencode_auth", *args],
            env={**self.process_environment(), **variables},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )

    def process_environment(self) -> Mapping[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT}/client:{ROOT}",
            **self.environment,
        }

    def set_up(self, **changes: Any) -> None:
        """Fetches the settings, with these changed."""
        self.settings.update(changes)
        assert (done := self.run("setup", self.gateway.url)).code == 0, done.err

    def state(self, name: str) -> Path:
        return self.home / "oa" / "state" / name

    def now_s(self) -> float:
        return float(Path(self.environment["OPENCODE_AUTH_CLOCK"]).read_text())

    def pass_time(self, seconds: float) -> None:
        Path(self.environment["OPENCODE_AUTH_CLOCK"]).write_text(str(self.now_s() + seconds))

    def sign_in(self, browser: "Browser", *args: str) -> Done:
        """`login`, with this browser on the machine."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("opencode_auth.browser.open_page", browser.opened)
            done = self.run("login", *args)
        browser.close()
        return done

    def sign_in_by_paste(self, bend: Callable[[str], str] = lambda url: url) -> Done:
        """`login --no-browser`, with the address pasted at which a browser elsewhere ended."""
        said: list[str] = []

        def prompted(_question: str) -> str:
            [page] = [line for line in said if line.startswith("http")]
            return bend(Browser().picked(page))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("opencode_auth.output.say", lambda text: said.extend(text.splitlines()))
            patch.setattr("opencode_auth.commands.login.prompted", prompted)
            return self.run("login", "--no-browser")

    def signed_in(self) -> "Person":
        assert (done := self.sign_in(Browser())).code == 0, done.err
        return self


def new_person(home: Path, gateway: Server, issuer: Issuer, *, now_s: float) -> Person:
    """With a gateway that trusts the issuer; the token endpoint is the gateway server's, which counts and forwards."""
    (home / "clock").write_text(str(now_s))
    settings = {
        "api_url": gateway.url,
        "issuer": issuer.url,
        "client_id": CLI_CLIENT_ID,
        "scopes": ["openid", "profile", "email", "offline_access"],
        "callback_ports": [],
        "token_endpoint": f"{gateway.url}/token",
        "revocation_endpoint": f"{gateway.url}/revoke",
        "authorization_endpoint": f"{issuer.url}/authorize",
        "jwks_url": f"{issuer.url}/jwks.json",
        "device_authorization_endpoint": f"{issuer.url}/device_authorization",
        "region": "us-east-1",
    }
    gateway.routes["/.well-known/opencode"] = lambda _seen: json_reply({"auth": {}, "config": {}, "gateway": settings})
    gateway.routes["/token"] = gateway.routes["/revoke"] = forwarded(issuer.url)
    environment = {
        "OPENCODE_AUTH_HOME": str(home / "oa"),
        "OPENCODE_AUTH_STORE": "file",
        "OPENCODE_AUTH_CLOCK": str(home / "clock"),
    }
    return Person(home=home, gateway=gateway, settings=settings, environment=environment)


class Stay(HTTPRedirectHandler):
    def redirect_request(self, *_args: object) -> None: ...


class Browser:
    """Opens the sign-in page and picks a person; `change` may bend the address at which it ends, or give several."""

    def __init__(self, change: Callable[[str], str | list[str]] = lambda url: url, sub: str = "ada") -> None:
        policy = DefaultCookiePolicy(allowed_domains=None)
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar(policy)), Stay())
        self._change = change
        self._sub = sub
        self._threads: list[threading.Thread] = []
        self.pages: list[str] = []
        self.ends: list[tuple[int, str]] = []
        """Status and text of the pages at which it ended."""

    def opened(self, url: str) -> bool:
        self.pages.append(url)
        self._threads.append(threading.Thread(target=self.play, args=(url,)))
        self._threads[-1].start()
        return True

    def close(self) -> None:
        for thread in self._threads:
            thread.join()

    def play(self, url: str) -> None:
        addresses = self._change(self.picked(url))
        for address in [addresses] if isinstance(addresses, str) else addresses:
            self.ends.append(self.fetch(address)[:2])

    def picked(self, url: str) -> str:
        """The address to which the provider sends the browser after the person was picked."""
        form = Form(self.fetch(url)[1])
        return self.fetch(urljoin(url, form.action), {**form.hidden, "sub": self._sub})[2]

    def fetch(self, url: str, form: Mapping[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, text and where a redirect leads."""
        body = urlencode(form).encode() if form else None
        asked = Request(url, data=body, headers=headers)  # noqa: S310  a test's own address
        try:
            with self._opener.open(asked) as response:
                return response.status, response.read().decode(), ""
        except HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers.get("Location", "")


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def with_query(url: str, **changes: str | None) -> str:
    """The address with parameters changed; None leaves one out."""
    parts = urlsplit(url)
    changed = {name: value for name, value in {**query(url), **changes}.items() if value is not None}
    return parts._replace(query=urlencode(changed)).geturl()


@contextmanager
def taken(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield
