"""Runs the real engine on a Pulumi project, against an AWS account of its own on this machine."""

import dataclasses
import itertools
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from opencode_local.aws import EmbeddedAws
from opencode_local.provider.aws import Account
from opencode_local.provider.server import ProviderServer
from opencode_stacks.declared import config_of
from opencode_stacks.environment import ROOT
from tests.engine.in_process import language_runtime

PASSPHRASE = "correct horse"
CHANGES = {"create", "update", "delete", "replace", "create-replacement", "delete-replaced", "read"}
ACCOUNT_IDS = map(str, itertools.count(200000000000 + os.getpid() % 10000 * 1000))
TAKE_A_RUNTIME = {"up", "preview", "refresh", "destroy"}
RUN_TIMEOUT_S = 300
"""The longest run took 30 s; a program that never ends would keep the engine waiting."""
HOST_ZONE = "example.com"
GARBAGE_PERCENT = "400"
"""Of what the engine holds: to look for garbage at Go's 100 takes a fifth of its time. pkg.go.dev/runtime, GOGC."""
NO_DAEMON = "unix:///nowhere/docker.sock"
"""Images are known by their content here: to build the router's, each up would ask a registry for its base."""


class EngineError(AssertionError):
    """The engine ended with an error; the message is what it printed."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """An empty AWS account behind a provider, with one hosted zone: what a platform team starts from."""

    account: Account
    server: ProviderServer
    zone_id: str

    @classmethod
    def start(cls, aws: EmbeddedAws) -> "Cloud":
        account = Account(aws.url, next(ACCOUNT_IDS))
        zone = account.client("route53", "us-east-1").create_hosted_zone(Name=HOST_ZONE, CallerReference="1")
        server = ProviderServer(account)
        server.start()
        return cls(account=account, server=server, zone_id=zone["HostedZone"]["Id"].rpartition("/")[2])

    def client(self, service: str) -> Any:
        return self.account.client(service, "us-east-1")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A Pulumi project's folder, its state beside it, and the engine that runs it."""

    folder: Path
    engine: Path
    cloud: Cloud
    state: Path
    program: Path | None = None
    """A folder whose `__main__.py` runs in this process. None: the engine starts what Pulumi.yaml says."""
    saves_each_step: bool = False
    """Whether a run saves its state after every step, which takes longer than the steps, or only at its end."""

    def __post_init__(self) -> None:
        self.state.mkdir(exist_ok=True)

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Raises EngineError when it fails and `check` is set."""
        if self.program is None or arguments[0] not in TAKE_A_RUNTIME:
            return self.run(*arguments, check=check)
        with language_runtime(self.program) as address:
            return self.run(*arguments, f"--client={address}", check=check)

    def run(self, *arguments: str, check: bool) -> subprocess.CompletedProcess[str]:
        # A preview follows an up that has checked the types.
        transpile_only = {"PULUMI_NODEJS_TRANSPILE_ONLY": str(arguments[0] == "preview").lower()}
        done = subprocess.run(
            [str(self.engine / "pulumi"), *arguments, "--non-interactive"],
            cwd=self.folder,
            env={**self.environment(), **transpile_only},
            capture_output=True,
            text=True,
            check=False,
            timeout=RUN_TIMEOUT_S,
        )
        if check and done.returncode:
            raise EngineError(f"pulumi {' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done

    def environment(self) -> Mapping[str, str]:
        """Nothing of the user's own Pulumi, nothing of the user's own AWS."""
        path = os.pathsep.join((str(self.engine), str(ROOT / ".venv/bin"), os.environ["PATH"]))
        return {
            "HOME": os.environ.get("HOME", "/"),
            "PATH": path,
            "PULUMI_HOME": str(self.folder.parent / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.state}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_SKIP_CHECKPOINTS": str(not self.saves_each_step).lower(),
            "DOCKER_HOST": NO_DAEMON,
            "GOGC": GARBAGE_PERCENT,
            **self.cloud.server.environment(),
        }

    def stack(self, name: str, config: Mapping[str, Any] | None = None) -> "Stack":
        """A new stack with this config."""
        self.pulumi("stack", "init", name)
        stack = Stack(project=self, name=name)
        stack.configure(config or {})
        return stack


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack of a project."""

    project: Project
    name: str

    @property
    def config_file(self) -> Path:
        return self.project.folder / f"Pulumi.{self.name}.yaml"

    @property
    def config(self) -> dict[str, Any]:
        text = self.config_file.read_text() if self.config_file.exists() else "{}"
        found: dict[str, Any] = yaml.safe_load(text).get("config", {})
        return found

    def configure(self, config: Mapping[str, Any]) -> None:
        """Replaces the config and keeps the engine's own salt."""
        kept = yaml.safe_load(self.config_file.read_text()) if self.config_file.exists() else {}
        self.config_file.write_text(yaml.safe_dump({**kept, "config": dict(config)}))

    def change(self, **sections: Mapping[str, Any] | None) -> None:
        """Merges keys into sections of the gateway's config; None removes a section."""
        config = self.config
        for section, keys in sections.items():
            key = f"opencode:{section}"
            if keys is None:
                config.pop(key, None)
            else:
                config[key] = {**config.get(key, {}), **keys}
        self.configure(config)

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.project.pulumi(*arguments, "--stack", self.name, check=check)

    def up(self, *, check: bool = True) -> str:
        """What the engine printed."""
        done = self.pulumi("up", "--yes", "--skip-preview", "--color", "never", check=check)
        return done.stdout + done.stderr

    def preview(self) -> dict[str, str]:
        """Operation by kind and name of all AWS resources that would change: `{"Vpc dev-network": "create"}`."""
        steps = json.loads(self.pulumi("preview", "--json").stdout)["steps"]
        return {shown(step["urn"]): step["op"] for step in steps if step["op"] in CHANGES and "$aws:" in step["urn"]}

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json").stdout)
        return found

    def resources(self) -> list[dict[str, Any]]:
        """The state's resources, as `pulumi stack export` has them."""
        deployment = json.loads(self.pulumi("stack", "export").stdout)["deployment"]
        found: list[dict[str, Any]] = deployment.get("resources", [])
        return found

    def destroy(self) -> None:
        self.pulumi("destroy", "--yes", "--skip-preview")


def shown(urn: str) -> str:
    """`urn:pulumi:dev::opencode::...$aws:ec2/vpc:Vpc::dev-network` as `Vpc dev-network`."""
    *_, types, name = urn.split("::")
    return f"{types.rpartition(':')[2]} {name}"


def gateway(folder: Path, engine: Path, cloud: Cloud) -> Project:
    """The repository's own project, with state and config elsewhere; its program runs in this process."""
    project = folder / "gateway"
    project.mkdir(parents=True)
    for part in ("stacks", ".venv", "router", "uv.lock", "pyproject.toml"):
        (project / part).symlink_to(ROOT / part)
    (project / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    return Project(folder=project, engine=engine, cloud=cloud, state=folder / "state", program=ROOT / "stacks")


def as_a_user_has_it(project: Project) -> Project:
    """Nothing spared: each run starts Python and saves its state after every step."""
    return dataclasses.replace(project, program=None, saves_each_step=True)


def config_for(environment: str, cloud: Cloud) -> dict[str, Any]:
    """Pulumi.<environment>.yaml with the account's own zone."""
    config = config_of(environment)
    config["opencode:domain"]["zone_id"] = cloud.zone_id
    return config
