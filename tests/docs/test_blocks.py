"""Every code block on every page: what can run is run, what cannot is checked."""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from opencode_components.testing import Placeholders, deploy, preview
from opencode_router.catalogue.load import load
from opencode_stacks.declared import config_of, declared
from opencode_stacks.environment import ROOT, Environment
from tests.docs.blocks import INFO, Block, all_blocks, commands, pages, scripts
from tests.docs.programs import aws_faults, make_faults, pulumi_faults
from tests.engine import binaries

COMMAND = re.compile(r"(?:^|[\s;(|])(?P<program>make|pulumi|aws) (?P<arguments>[^|;)#]+)")
INSTEAD = {"opencode:oidc": "opencode:cognito", "opencode:existing_network": "opencode:network"}
"""Sections that take the place of another."""
TYPESCRIPT = ROOT / "tests/engine/typescript/index.ts"


@pytest.fixture(scope="module")
def gateway_stack() -> Placeholders:
    """Answers a reference to the stack `dev` with what the program exports there."""
    return Placeholders(existing={"organization/opencode/dev": {"outputs": declared("dev").outputs}})


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_a_python_block_declares_what_it_says(block: Block, gateway_stack: Placeholders) -> None:
    names: dict[str, Any] = {"__name__": "block"}

    def run() -> None:
        exec(compile(block.text, str(block), "exec"), names)  # noqa: S102 our own page

    if "opencode_components.testing" in block.text:
        run()
        for name, test in list(names.items()):
            if name.startswith("test_"):
                called(test)
    else:
        deploy(run, engine=gateway_stack)


def called(test: Callable[..., None]) -> None:
    """As pytest calls it, with the plugin's fixtures."""
    fixtures: Mapping[str, object] = {"deploy": deploy, "preview": preview}
    test(**{name: fixtures[name] for name in inspect.signature(test).parameters})


def test_every_block_says_what_it_is() -> None:
    assert [f"{block}: {block.info}" for block in all_blocks() if not INFO.fullmatch(block.info)] == []


@pytest.mark.parametrize("page", [page for page in pages() if scripts(page)], ids=lambda page: page.name)
def test_every_script_is_run_by_a_block_of_its_page(page: Path) -> None:
    run = "\n".join(block.text for block in all_blocks("sh gateway") if block.page == page)

    assert [name for name in scripts(page) if f"python3 {name}" not in run] == []


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_a_config_block_is_accepted_by_the_program(block: Block) -> None:
    """What a block leaves out is as in Pulumi.dev.yaml."""
    shown = yaml.safe_load(block.text)["config"]
    assert any(key.startswith("opencode:") for key in shown)
    replaced = {INSTEAD[key] for key in shown if key in INSTEAD}
    config = {key: value for key, value in {**config_of("dev"), **shown}.items() if key not in replaced}

    Environment.read(
        "dev", {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    )


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_a_json_block_is_json_and_its_models_have_the_limits_of_the_catalogue(block: Block) -> None:
    shown = json.loads(block.text)
    catalogue = load()

    for provider in shown.get("provider", {}).values():
        for name, model in provider["models"].items():
            capabilities = catalogue.models[name].capabilities
            limits = {"context": capabilities.context_tokens, "output": capabilities.max_output_tokens}
            assert model["limit"] == limits


@pytest.mark.parametrize("block", all_blocks("typescript"), ids=str)
def test_a_typescript_block_is_part_of_the_program_that_the_engine_runs(block: Block) -> None:
    program = {line.strip() for line in TYPESCRIPT.read_text().splitlines()}

    assert [line for line in block.text.splitlines() if line.strip() not in program] == []


def faults(program: str, judge: Callable[[str], list[str]]) -> list[str]:
    return [
        f"{place}: {fault}"
        for place, line in commands()
        for command in COMMAND.finditer(line)
        if command["program"] == program
        for fault in judge(command["arguments"])
    ]


def test_every_make_target_exists() -> None:
    assert faults("make", make_faults) == []


def test_every_aws_command_exists_and_has_its_options() -> None:
    assert faults("aws", aws_faults) == []


def test_every_pulumi_command_exists_and_has_its_options() -> None:
    try:
        engine = binaries.folder()
    except binaries.NoEngine as reason:
        pytest.skip(str(reason))

    assert faults("pulumi", lambda arguments: pulumi_faults(arguments, engine)) == []
