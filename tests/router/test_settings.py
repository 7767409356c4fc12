import os
from pathlib import Path

import pytest

from opencode_router.cpus import available_cpus
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
        ("PROCESSES", "0"),
        ("PROCESSES", "all"),
        ("BEDROCK_RUNTIME_URL", "bedrock"),
    ],
)
def test_a_malformed_variable_is_named_with_its_value_and_an_example(variable: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{variable}='{value}': .*; for example {variable}="):
        Settings.load({**NEEDED, variable: value})


@pytest.mark.parametrize(
    "ports",
    [
        {"PROCESSES": "2", "PORT": "0"},
        {"PROCESSES": "2", "METRICS_PORT": "0"},
        {"PROCESSES": "2", "METRICS_PORT": "65535"},
        {"PROCESSES": "2", "METRICS_PORT": "8079"},
        {"METRICS_PORT": "8080"},
    ],
    ids=str,
)
def test_ports_on_which_the_processes_would_not_all_be_found_are_refused(ports: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="PORT"):
        Settings.load({**NEEDED, **ports})


def test_a_process_for_every_cpu_can_be_asked_for() -> None:
    assert Settings.load(NEEDED).processes == 1
    assert Settings.load({**NEEDED, "PROCESSES": "auto"}).processes == available_cpus()


OWN_CPUS = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, OWN_CPUS),
        ({"cpu.max": "max 100000\n"}, OWN_CPUS),
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "25000 100000\n"}, 1),
        ({"cpu.max": "110000 100000\n"}, min(2, OWN_CPUS)),
        ({"cpu.max": "999900000 100000\n"}, OWN_CPUS),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, OWN_CPUS),
        ({"cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
    ],
)
def test_the_cpus_of_a_container_are_those_of_its_cgroup(tmp_path: Path, files: dict[str, str], cpus: int) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)

    assert available_cpus(tmp_path) == cpus
