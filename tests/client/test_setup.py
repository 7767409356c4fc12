"""`setup`: one address is all that a machine needs."""

import json
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.client.person import Person
from tests.client.servers import ConnectProxy, Reply, Server, json_reply, page_reply, running

WELL_KNOWN = "/.well-known/opencode"


def test_setup_keeps_what_the_gateway_publishes(person: Person) -> None:
    done = person.run("setup", person.gateway.url, "--json")

    assert done.code == 0
    assert json.loads(done.out)["client_id"] == person.settings["client_id"]
    assert json.loads(person.run("setup", f"{person.gateway.url}/v1/", "--json").out)["api_url"] == person.gateway.url


def test_setup_names_the_client_and_its_version_to_the_gateway(person: Person) -> None:
    assert person.gateway.seen[0].headers["user-agent"].startswith("opencode-auth/0.")


def test_what_setup_writes_is_for_its_owner_alone(person: Person) -> None:
    file = person.home / "oa/config/gateway.json"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_scopes_are_the_gateways_choice_and_can_be_the_persons(person: Person) -> None:
    as_published = json.loads(person.run("setup", person.gateway.url, "--json").out)["scopes"]
    as_asked = json.loads(person.run("setup", person.gateway.url, "--json", "--scopes", "openid email").out)["scopes"]

    assert "offline_access" in as_published
    assert as_asked == ["openid", "email"]
    assert person.run("setup", person.gateway.url, "--scopes", "email").code == 2


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("issuer", "http://provider.example.com"),
        ("token_endpoint", "ftp://127.0.0.1/token"),
        ("api_url", "https://user:secret@gateway.example.com"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("callback_ports", [0]),
        ("callback_ports", "8080"),
        ("scopes", ["openid", 7]),
        ("client_id", ""),
        ("client_id", "a\nb"),
        ("issuer", None),
    ],
)
def test_settings_that_are_not_safe_or_not_whole_are_refused(person: Person, member: str, value: Any) -> None:
    person.settings[member] = value
    done = person.run("setup", person.gateway.url)

    assert done.code == 2
    assert done.err.startswith("error: ")
    assert done.err.count("\n") <= 2


def test_members_of_a_later_gateway_do_no_harm(person: Person) -> None:
    person.set_up(something_new={"a": 1})


@pytest.mark.parametrize("address", ["http://gateway.example.com", "gateway example", "https://", "ftp://127.0.0.1"])
def test_an_address_that_is_not_safe_is_not_asked(person: Person, address: str) -> None:
    assert person.run("setup", address).code == 2


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (page_reply(502), "answered 502"),
        (page_reply(200), "not JSON"),
        (json_reply([]), "not an object"),
        (json_reply({"auth": {}}), "does not describe a gateway"),
        (Reply(status=302, headers={"Location": "http://127.0.0.1:1/elsewhere"}), "answered 302"),
        (Reply(body=b'{"a": "' + b"x" * 5_000_000 + b'"}'), "more than"),
        (Reply(headers={"Content-Length": "10"}, body=b"{}"), "cannot reach"),
    ],
)
def test_an_address_that_is_no_gateway_is_said_to_be_none(person: Person, reply: Reply, said: str) -> None:
    person.gateway.routes[WELL_KNOWN] = lambda _seen: reply
    done = person.run("setup", person.gateway.url)

    assert done.code == 1
    assert said in done.err


def test_nothing_listening_is_one_line(person: Person) -> None:
    done = person.run("setup", "http://127.0.0.1:1")

    assert (done.code, done.out) == (1, "")
    assert "cannot reach 127.0.0.1:1" in done.err


def test_a_gateway_that_needs_a_newer_client_says_which(person: Person) -> None:
    person.settings["minimum_client"] = "99.0.0"
    done = person.run("setup", person.gateway.url)

    assert done.code == 1
    assert "99.0.0" in done.err


@pytest.mark.parametrize("command", ["login", "status", "token", "ci"])
def test_without_setup_every_command_says_how_to_begin(person: Person, command: str) -> None:
    done = person.run(command, OPENCODE_AUTH_HOME=str(person.home / "elsewhere"))

    assert done.code == 2
    assert "hint: opencode-auth setup https://HOST" in done.err


def test_a_home_that_cannot_be_written_is_named(person: Person) -> None:
    (person.home / "file").write_text("")
    done = person.run("setup", person.gateway.url, OPENCODE_AUTH_HOME=str(person.home / "file/oa"))

    assert done.code == 2
    assert "cannot write" in done.err
    assert "hint: " in done.err


def test_settings_that_were_damaged_are_said_to_be(person: Person) -> None:
    (person.home / "oa/config/gateway.json").write_text("{")

    assert "gateway.json" in person.run("status").err


class TlsGateway:
    """A gateway behind a company's own certificate authority, reached through its proxy."""

    def __init__(self, folder: Path, server: Server, authority: trustme.CA, proxy: ConnectProxy) -> None:
        self.server, self.proxy = server, proxy
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca_file)


@pytest.fixture
def tls_gateway(tmp_path: Path, person: Person) -> Iterator[TlsGateway]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gateway.test").configure_cert(context)
    with running(context) as server:
        server.routes[WELL_KNOWN] = person.gateway.routes[WELL_KNOWN]
        proxy = ConnectProxy(server.port)
        yield TlsGateway(tmp_path, server, authority, proxy)
        proxy.close()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"])
def test_the_companys_proxy_and_certificate_authority_are_used(
    person: Person, tls_gateway: TlsGateway, variable: str
) -> None:
    trusted = {variable: str(tls_gateway.ca_file), "HTTPS_PROXY": tls_gateway.proxy.url}
    done = person.run("setup", "gateway.test", **trusted)

    assert done.code == 0, done.err
    assert tls_gateway.proxy.asked == ["gateway.test:443"]


def test_a_certificate_that_nobody_vouches_for_is_refused(person: Person, tls_gateway: TlsGateway) -> None:
    done = person.run("setup", "https://gateway.test", HTTPS_PROXY=tls_gateway.proxy.url)

    assert done.code == 1
    assert "not trusted" in done.err
    assert "SSL_CERT_FILE" in done.err


def test_a_certificate_of_another_host_is_refused(person: Person, tls_gateway: TlsGateway) -> None:
    trusted = {"SSL_CERT_FILE": str(tls_gateway.ca_file), "HTTPS_PROXY": tls_gateway.proxy.url}

    assert person.run("setup", "https://other.test", **trusted).code == 1


def test_a_file_without_certificates_is_named(person: Person) -> None:
    done = person.run("setup", "https://127.0.0.1:1", NODE_EXTRA_CA_CERTS=str(person.home / "none.pem"))

    assert done.code == 2
    assert "NODE_EXTRA_CA_CERTS" in done.err


def test_this_machine_is_reached_without_the_proxy(person: Person) -> None:
    assert person.run("setup", person.gateway.url, HTTP_PROXY="http://127.0.0.1:1").code == 0
