"""One deployed copy of the gateway, read once from its config file and checked before anything is declared."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import ValidationError

from opencode_stacks import sections
from opencode_stacks.faults import MISSING, ConfigError, Fault, faults_of, nearest
from opencode_stacks.rules import RULES

PROJECT = "opencode"
ROOT = Path(__file__).parents[2]
"""The repository: the image is built from it. The engine's working directory is stacks/."""
REGION_KEY = "aws:region"
REGION = re.compile(r"^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[0-9]$")
NAME = re.compile(r"^[a-z][a-z0-9]{1,11}$")

SECTIONS: Mapping[str, type[sections.Section]] = {
    "domain": sections.Domain,
    "network": sections.Network,
    "existing_network": sections.ExistingNetwork,
    "cognito": sections.Cognito,
    "oidc": sections.Oidc,
    "router": sections.Router,
    "bedrock": sections.Bedrock,
    "downloads": sections.Downloads,
    "sharing": sections.Sharing,
    "observability": sections.Observability,
    "firewall": sections.Firewall,
    "lifecycle": sections.Lifecycle,
}
REQUIRED = ("domain", "lifecycle")
DEFAULTED = ("router", "bedrock", "observability")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What Pulumi.<name>.yaml says."""

    name: str
    region: str
    domain: sections.Domain
    network: sections.Network | sections.ExistingNetwork
    identity: sections.Cognito | sections.Oidc
    router: sections.Router
    bedrock: sections.Bedrock
    observability: sections.Observability
    lifecycle: sections.Lifecycle
    downloads: sections.Downloads | None
    """None: clients are not distributed from here."""
    sharing: sections.Sharing | None
    """None: sessions are not shared."""
    firewall: sections.Firewall | None
    """None: there is none."""

    @classmethod
    def load(cls) -> "Environment":
        """Of the stack being deployed, from the engine. Raises ConfigError with every fault."""
        given = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
        return cls.read(pulumi.get_stack(), given)

    @classmethod
    def read(cls, name: str, given: Mapping[str, str]) -> "Environment":
        """From `{"opencode:<section>": <JSON text>, "aws:region": ...}`. Raises ConfigError with every fault."""
        faults = [*place_faults(name, given), *unknown_sections(given)]
        read: dict[str, Any] = {}
        for section in SECTIONS:
            try:
                read[section] = section_of(section, given)
            except SectionFaults as error:
                faults += error.faults
        for rule in RULES:
            faults += rule(read)
        if faults:
            raise ConfigError(name, faults)
        return cls(
            name=name,
            region=given[REGION_KEY],
            domain=read["domain"],
            network=read["network"] or read["existing_network"],
            identity=read["cognito"] or read["oidc"],
            router=read["router"],
            bedrock=read["bedrock"],
            observability=read["observability"],
            lifecycle=read["lifecycle"],
            downloads=read["downloads"],
            sharing=read["sharing"],
            firewall=read["firewall"],
        )


class SectionFaults(ValueError):
    """A section that cannot be read."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


def place_faults(name: str, given: Mapping[str, str]) -> Iterator[Fault]:
    if not NAME.match(name):
        yield Fault(
            key="the stack's name",
            value=name,
            reason="goes into names of AWS resources, which bear at most 12 lower-case letters and digits of it",
            fix="choose a name such as dev: pulumi stack init dev",
        )
    region = given.get(REGION_KEY)
    if region is None or not REGION.match(region):
        yield Fault(
            key=REGION_KEY,
            value=MISSING if region is None else region,
            reason="is missing" if region is None else "is not the name of an AWS region",
            fix="the region of everything in this stack; for example us-east-1",
        )


def unknown_sections(given: Mapping[str, str]) -> Iterator[Fault]:
    for key, value in given.items():
        project, _, section = key.partition(":")
        if project == PROJECT and section not in SECTIONS:
            reason = "is not a section that is known here"
            yield Fault(key=key, value=value, reason=reason, fix=nearest(section, SECTIONS))


def section_of(name: str, given: Mapping[str, str]) -> sections.Section | None:
    """None where an optional section is absent. Raises SectionFaults."""
    key, model = f"{PROJECT}:{name}", SECTIONS[name]
    text = given.get(key, "{}" if name in DEFAULTED else None)
    if text is None:
        if name in REQUIRED:
            fix = f"keys: {', '.join(model.model_fields)}; see docs/configuration.md"
            raise SectionFaults([Fault(key=key, value=MISSING, reason="is missing", fix=fix)])
        return None
    try:
        json.loads(text)
    except ValueError:
        fix = f"write keys under it: {', '.join(model.model_fields)}"
        raise SectionFaults([Fault(key=key, value=text, reason="is not a mapping", fix=fix)]) from None
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise SectionFaults(list(faults_of(error, model, key))) from error
