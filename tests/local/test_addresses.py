"""Only addresses differ: which texts change on this machine, and which do not."""

import pytest

from opencode_local.addresses import Addresses


@pytest.fixture
def addresses() -> Addresses:
    known = Addresses()
    known.stand("https://ai.example.com", "http://localhost:8080")
    known.stand("https://cognito-idp.us-east-1.amazonaws.com", "http://127.0.0.1:9400")
    known.name("localhost", "ai.example.com")
    known.name("downloads.localhost", "downloads.example.com")
    return known


@pytest.mark.parametrize(
    ("declared", "local"),
    [
        ("https://ai.example.com", "http://localhost:8080"),
        ("https://ai.example.com/", "http://localhost:8080/"),
        ("https://ai.example.com:443/v1?next=2", "http://localhost:8080/v1?next=2"),
        ("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1", "http://127.0.0.1:9400/us-east-1_Ab1"),
        ("https://ai.example.com,https://ai.example.com/v1", "http://localhost:8080,http://localhost:8080/v1"),
        ('{"url": "https://ai.example.com"}', '{"url": "http://localhost:8080"}'),
        ("https://ai.example.com.evil.test/", "https://ai.example.com.evil.test/"),
        ("https://ai.example.community", "https://ai.example.community"),
        ("https://ai.example.com:8443/", "https://ai.example.com:8443/"),
        ("http://ai.example.com/", "http://ai.example.com/"),
        ("ai.example.com", "ai.example.com"),
        ("", ""),
    ],
)
def test_an_address_is_replaced_where_a_text_names_it_and_nowhere_else(
    addresses: Addresses, declared: str, local: str
) -> None:
    assert addresses.local(declared) == local


@pytest.mark.parametrize(
    ("host", "declared"),
    [
        ("localhost:8080", "ai.example.com"),
        ("LOCALHOST", "ai.example.com"),
        ("downloads.localhost:8080", "downloads.example.com"),
        ("ai.example.com", "ai.example.com"),
        ("elsewhere.test:8080", "elsewhere.test"),
    ],
)
def test_a_request_is_for_the_host_that_its_local_name_stands_for(
    addresses: Addresses, host: str, declared: str
) -> None:
    assert addresses.declared_host(host) == declared
