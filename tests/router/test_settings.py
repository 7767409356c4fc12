import pytest

from opencode_router.settings import BedrockAuth, SettingError, Settings

NEEDED = {
    "AWS_REGION": "eu-central-1",
    "OIDC_ISSUER": "https://login.example.com/",
    "OIDC_AUDIENCES": "cli, web",
    "KEYS_TABLE": "keys",
    "USAGE_TABLE": "usage",
}


def test_what_is_not_set_has_its_default() -> None:
    settings = Settings.load(NEEDED)

    assert settings.port == 8080
    assert settings.max_body_bytes == 32 * 2**20
    assert settings.drain_s == 110
    assert settings.bedrock_auth is BedrockAuth.BEARER


def test_an_issuer_is_kept_to_the_letter_and_lists_are_split() -> None:
    settings = Settings.load(NEEDED)

    assert settings.oidc_issuer == "https://login.example.com/"
    assert settings.oidc_audiences == ("cli", "web")


@pytest.mark.parametrize("variable", sorted(NEEDED))
def test_a_missing_variable_is_named_with_an_example(variable: str) -> None:
    without = {name: value for name, value in NEEDED.items() if name != variable}

    with pytest.raises(SettingError, match=f"{variable} is not set; for example {variable}="):
        Settings.load(without)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "many"),
        ("PORT", "70000"),
        ("MAX_BODY_BYTES", "-1"),
        ("IDLE_TIMEOUT_S", "0"),
        ("IDLE_TIMEOUT_S", "nan"),
        ("OIDC_ISSUER", "login.example.com"),
        ("BEDROCK_AUTH", "password"),
        ("BEDROCK_RUNTIME_URL", "bedrock"),
    ],
)
def test_a_malformed_variable_is_named_with_its_value_and_an_example(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{variable}='{value}': .*; for example {variable}="):
        Settings.load({**NEEDED, variable: value})
