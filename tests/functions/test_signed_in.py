"""Whom the page function believes: nobody but the load balancer, about nobody but who has signed in there."""

import base64
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_local.balancer.identity_headers import DATA, IdentityHeaders
from opencode_local.balancer.session_cookies import Place, SignedIn
from tests.functions.conftest import Downloads
from tests.functions.load_balancer import ARN, CLIENT_ID, ISSUER, SUBJECT, Balancer, part

Forge = Callable[[Balancer, float], str]
HYPOTHESIS = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def with_header(**header: object) -> Forge:
    return lambda balancer, now_s: balancer.data_under(now_s, **header)


def with_claims(**claims: object) -> Forge:
    return lambda balancer, now_s: balancer.data(now_s, **claims)


def unsigned(balancer: Balancer, now_s: float) -> str:
    header, claims, _ = balancer.data_under(now_s, alg="none").split(".")
    return f"{header}.{claims}."


def mac_with_the_public_key(balancer: Balancer, now_s: float) -> str:
    text = balancer.data_under(now_s, alg="HS256").rpartition(".")[0]
    return f"{text}.{base64.urlsafe_b64encode(hmac.digest(balancer.public_key, text.encode(), 'sha256')).decode()}"


def by_another_key(balancer: Balancer, now_s: float) -> str:
    return Balancer().data_under(now_s, kid=balancer.key_id)


def with_claims_of_somebody_else(balancer: Balancer, now_s: float) -> str:
    header, _, signature = balancer.data(now_s).split(".")
    return f"{header}.{part({'sub': SUBJECT, 'name': 'Mallory'})}.{signature}"


def without_padding(balancer: Balancer, now_s: float) -> str:
    good = balancer.data(now_s, name="Ada L")
    assert "=" in good
    return good.replace("=", "")


def with_a_zero_signature(balancer: Balancer, now_s: float) -> str:
    return f"{balancer.data(now_s).rpartition('.')[0]}.{base64.urlsafe_b64encode(bytes(64)).decode()}"


def no_object(balancer: Balancer, _now_s: float) -> str:
    text = f"{part([])}.{part([])}"
    return f"{text}.{balancer.signature(text)}"


def twice(balancer: Balancer, now_s: float) -> str:
    return f"{balancer.data(now_s)}, {balancer.data(now_s)}"


FORGERIES: dict[str, Forge] = {
    "alg none": unsigned,
    "alg none, yet signed": with_header(alg="none"),
    "alg HS256 with the public key": mac_with_the_public_key,
    "alg RS256": with_header(alg="RS256"),
    "another key": by_another_key,
    "other claims": with_claims_of_somebody_else,
    "another signer": with_header(signer=ARN.replace("/dev/", "/evil/")),
    "no signer": with_header(signer=None),
    "another client": with_header(client="another"),
    "another issuer": with_header(iss="https://evil.example.com"),
    "expired": lambda balancer, now_s: balancer.data(now_s - 120),
    "no expiry": with_header(exp=None),
    "expiry as text": with_header(exp="9999999999"),
    "expiry true": with_header(exp=True),
    "kid with a path": with_header(kid="../releases/manifest.json"),
    "kid of another host": with_header(kid="@evil.example.com/00000000-0000-0000-0000-000000000000"),
    "kid of another query": with_header(kid="00000000-0000-0000-0000-000000000000?"),
    "kid that is no text": with_header(kid=["00000000-0000-0000-0000-000000000000"]),
    "no kid": with_header(kid=None),
    "kid of no key": with_header(kid="00000000-0000-0000-0000-000000000000"),
    "no padding": without_padding,
    "a signature of zeros": with_a_zero_signature,
    "no subject": with_claims(sub=None),
    "an empty subject": with_claims(sub=""),
    "no JSON objects": no_object,
    "two of them": twice,
    "too long": with_claims(email="x" * 40_000),
    "nothing": lambda _balancer, _now_s: "",
    "garbage": lambda _balancer, _now_s: "a.b.c",
    "deep": lambda _balancer, _now_s: f"{base64.urlsafe_b64encode(b'[' * 9_000).decode()}.e30=.{'A' * 86}==",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_header_shows_nothing_and_mints_nothing(downloads: Downloads, forge: Forge) -> None:
    data = forge(downloads.world.balancer, downloads.now_s)

    answer = downloads.page(data=data)

    assert answer["statusCode"] == 401
    assert answer["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert "sign in" in answer["body"]
    assert not any(shown in answer["body"] for shown in ("Ada", "Mallory", SUBJECT, "/i/", "1.2.0"))
    assert "PutObject" not in downloads.world.wire.asked
    assert downloads.page("/download/opencode_auth-1.2.0-py3-none-any.whl", data=data)["statusCode"] == 401


def test_only_headers_of_our_load_balancer_make_us_fetch_a_key_and_each_key_once(downloads: Downloads) -> None:
    for name, forge in FORGERIES.items():
        if "kid of no key" not in name:
            downloads.page(data=forge(downloads.world.balancer, downloads.now_s))
    fetched = {address for address in downloads.fetches if "/keys/" in address}
    keys_url = downloads.world.environment["SIGNER_KEYS_URL"]
    assert fetched == {f"{keys_url}/{downloads.world.balancer.key_id}"}

    downloads.fetches.clear()
    for _ in range(3):
        assert downloads.page()["statusCode"] == 200
    assert not [address for address in downloads.fetches if "/keys/" in address]


def test_keys_are_kept_for_a_few_ids_only(downloads: Downloads) -> None:
    balancers = [Balancer() for _ in range(9)]
    for balancer in balancers:
        downloads.world.publish(f"keys/{balancer.key_id}", balancer.public_key)
    first = balancers[0]
    for balancer in [*balancers, first]:
        assert downloads.page("/download/none", data=balancer.data(downloads.now_s))["statusCode"] == 404

    assert len([address for address in downloads.fetches if address.endswith(first.key_id)]) == 2


def test_a_key_that_cannot_be_had_is_a_503_and_asked_for_again(downloads: Downloads) -> None:
    keys_url = downloads.world.environment["SIGNER_KEYS_URL"]
    downloads.unreachable.add(keys_url)

    answer = downloads.page()

    assert answer["statusCode"] == 503
    assert "Ada" not in answer["body"]
    downloads.unreachable.clear()
    assert downloads.page()["statusCode"] == 200


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no PEM",
        ec.generate_private_key(ec.SECP384R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_what_is_published_as_a_key_and_is_none_is_a_503(downloads: Downloads, content: bytes) -> None:
    balancer = Balancer()
    downloads.world.publish(f"keys/{balancer.key_id}", content)

    assert downloads.page(data=balancer.data(downloads.now_s))["statusCode"] == 503


def test_the_header_that_the_local_load_balancer_writes_is_believed(downloads: Downloads) -> None:
    headers = IdentityHeaders(lambda: downloads.now_s)
    downloads.world.publish(f"keys/{headers.key_id}", headers.public_key_pem().encode())
    ends_s = downloads.now_s + 3600
    session = SignedIn(
        ends_s=ends_s,
        access_ends_s=ends_s,
        access_token="an access token",
        refresh_token=None,
        claims={"sub": SUBJECT, "email": "grace@example.com"},
    )
    place = Place(cookie_name="opencode-downloads", balancer_arn=ARN, issuer=ISSUER, client_id=CLIENT_ID)

    answer = downloads.page(data=headers.of(session, place)[DATA])

    assert answer["statusCode"] == 200
    assert "grace@example.com" in answer["body"]


@pytest.mark.parametrize(
    ("claims", "greeted"),
    [
        ({"name": "Ada Lovelace", "given_name": "Ada", "email": "a@example.com"}, "Ada Lovelace"),
        ({"name": "  ", "given_name": "Ada", "email": "a@example.com"}, "Ada"),
        ({"name": ["Ada"], "given_name": None, "email": "a@example.com"}, "a@example.com"),
        ({"name": None}, "there"),
        ({"name": "Ada\u202e\x00\n\t Lovelace"}, "Ada Lovelace"),
        ({"name": "\u30a2\u30c0"}, "\u30a2\u30c0"),
    ],
)
def test_people_are_greeted_by_the_best_name_there_is(
    downloads: Downloads, claims: dict[str, object], greeted: str
) -> None:
    body = downloads.page(data=downloads.world.balancer.data(downloads.now_s, **claims))["body"]

    assert f" {greeted}" in " ".join(body.split())
    assert "\u202e" not in body


@HYPOTHESIS
@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_\-=]{0,9}(\.[A-Za-z0-9_\-=]{0,9}){2}", fullmatch=True)))
def test_no_text_that_is_not_signed_is_a_person(downloads: Downloads, text: str) -> None:
    assert downloads.page(data=text)["statusCode"] == 401


@HYPOTHESIS
@given(st.data())
def test_no_character_of_a_header_can_be_changed(downloads: Downloads, data: st.DataObject) -> None:
    good = downloads.world.balancer.data(downloads.now_s)
    place = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != good[place]))

    answer = downloads.page("/download/none", data=good[:place] + other + good[place + 1 :])

    assert answer["statusCode"] == 401


@HYPOTHESIS
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda some: st.lists(some, max_size=3)),
    st.sampled_from(["alg", "kid", "signer", "client", "iss", "exp"]),
)
def test_no_header_field_of_another_kind_is_an_error_of_ours(downloads: Downloads, value: object, field: str) -> None:
    data = downloads.world.balancer.data_under(downloads.now_s, **{field: value})
    is_later = field == "exp" and type(value) is int and value > downloads.now_s

    assert downloads.page("/download/none", data=data)["statusCode"] == (404 if is_later else 401)
