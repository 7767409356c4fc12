"""Both functions, each with a clock of the test's, before one bucket of the embedded AWS."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from opencode_local.aws import REGION, EmbeddedAws
from serve_downloads.bucket import Bucket
from serve_downloads.public_site import public_site
from serve_downloads.settings import page_settings, public_settings
from serve_downloads.signed_in_site import signed_in_site
from served_site.aws_clients import s3_client
from served_site.fetched import Unreachable, fetched
from served_site.serving import Site
from tests.functions.load_balancer import ARN, CLIENT_ID, DATA, ISSUER, Balancer, event
from tests.functions.publisher import WHEEL, WHEEL_NAME, Publisher

BUCKET = "releases-that-functions-serve"
DOWNLOADS_URL = "https://downloads.example.com"
GATEWAY_DOCUMENT = ".well-known/opencode"
KEY = "releases/manifest.json"


class Refusing:
    """The body of an answer that S3 would send."""

    def __init__(self, code: str) -> None:
        self._content = f"<Error><Code>{code}</Code></Error>".encode()

    def stream(self, **_options: Any) -> Iterator[bytes]:
        yield self._content


@dataclass
class Wire:
    """What S3 is asked, by operation; with `refusal`, a status and a code, it answers that alone."""

    asked: Counter[str] = field(default_factory=Counter)
    refusal: tuple[int, str] | None = None

    def before_send(self, request: Any, event_name: str, **_more: Any) -> AWSResponse | None:
        self.asked[event_name.rpartition(".")[2]] += 1
        if self.refusal is None:
            return None
        status, code = self.refusal
        return AWSResponse(request.url, status, {}, Refusing(code))


@dataclass(frozen=True)
class World:
    """What is the same for all tests."""

    client: Any
    wire: Wire
    balancer: Balancer
    publisher: Publisher
    environment: Mapping[str, str]

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content)

    def publish(self, key: str, content: bytes) -> None:
        """For everyone: the bucket is also the host of the load balancer's keys, and the gateway."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=content, ACL="public-read")

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=key)


@dataclass
class Downloads:
    """Both functions as they are when they have just started."""

    world: World
    now_s: float = 1_795_262_400.0
    fetches: list[str] = field(default_factory=list)
    unreachable: set[str] = field(default_factory=set)
    """Beginnings of addresses that do not answer."""

    def __post_init__(self) -> None:
        bucket = Bucket(self.world.client, BUCKET)
        environment = self.world.environment
        self._pages = signed_in_site(page_settings(environment), bucket, self._fetch, self._clock)
        self._public = public_site(public_settings(environment), bucket, self._clock)

    def page(self, path: str = "/", *, data: str | None = "good", method: str = "GET") -> dict[str, Any]:
        """With the header of Ada unless another is given; None is none."""
        told = self.world.balancer.data(self.now_s) if data == "good" else data
        return answer(self._pages, event("browser", path, method=method, headers={DATA: told}))

    def public(self, path: str, *, method: str = "GET", **headers: str) -> dict[str, Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return answer(self._public, event("curl", path, method=method, headers=sent))

    def _clock(self) -> float:
        return self.now_s

    def _fetch(self, url: str, at_most_bytes: int) -> bytes:
        self.fetches.append(url)
        if any(url.startswith(beginning) for beginning in self.unreachable):
            raise Unreachable("TimeoutError")
        return fetched(url, at_most_bytes)


def answer(site: Site, asked: dict[str, Any]) -> dict[str, Any]:
    """With each header once, by its name."""
    made = site.serve(asked)
    assert all(len(values) == 1 for values in made["multiValueHeaders"].values())
    return {**made, "headers": {name: values[0] for name, values in made["multiValueHeaders"].items()}}


@pytest.fixture(scope="session")
def world(aws: EmbeddedAws) -> World:
    balancer, publisher, wire = Balancer(), Publisher(), Wire()
    environment = {
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": aws.url,
        "BUCKET": BUCKET,
        "RELEASE_KEYS": f"{Publisher().written_key},{publisher.written_key}",
        "DOWNLOADS_URL": DOWNLOADS_URL,
        "GATEWAY_URL": f"{aws.url}/{BUCKET}",
        "SIGNER_ARN": ARN,
        "SIGNER_KEYS_URL": f"{aws.url}/{BUCKET}/keys",
        "CLIENT_ID": CLIENT_ID,
        "ISSUER": ISSUER,
        "HELP_URL": "mailto:help@example.com",
    }
    client = s3_client(environment)
    client.create_bucket(Bucket=BUCKET)
    client.meta.events.register("before-send.s3", wire.before_send)
    made = World(client, wire, balancer, publisher, environment)
    made.publish(f"keys/{balancer.key_id}", balancer.public_key)
    made.put(f"releases/1.2.0/{WHEEL_NAME}", WHEEL)
    return made


@pytest.fixture
def downloads(world: World) -> Iterator[Downloads]:
    """With a release, and with a gateway that tells nothing of its models."""
    world.put(KEY, world.publisher.envelope())
    world.remove(GATEWAY_DOCUMENT)
    world.wire.asked.clear()
    yield Downloads(world)
    world.wire.refusal = None
