"""`python -m tests.engine.binaries`: makes sure of a real Pulumi engine, and says where it is.

The one on PATH, else one built once from its Go modules into the user's cache folder. What fits together was tried on
2026-11-21: engine 3.200.0, the Python host that was still part of sdk/v3 at 3.75.0 and the Node host of 3.55.0 run
today's SDKs. The hosts find their scripts beside themselves.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MODULES = Path(__file__).parent / "go"
SDK = "github.com/pulumi/pulumi/sdk/v3"
ENGINE_VERSION = "3.200.0"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / f"opencode-bedrock/pulumi-{ENGINE_VERSION}"


class NoEngine(RuntimeError):
    """There is none and none could be built; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Build:
    """One executable of a module under go/."""

    module: str
    package: str
    version: str
    executable: str
    script: str | None = None
    """A file of the SDK's source that must lie beside it."""


BUILDS = (
    Build(
        module="python",
        package=f"{SDK}/python/cmd/pulumi-language-python",
        version="3.75.0",
        executable="pulumi-language-python",
        script="python/cmd/pulumi-language-python-exec",
    ),
    Build(
        module="node",
        package=f"{SDK}/nodejs/cmd/pulumi-language-nodejs",
        version="3.55.0",
        executable="pulumi-language-nodejs",
        script="nodejs/dist/pulumi-resource-pulumi-nodejs",
    ),
    Build(
        module="cli",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version=ENGINE_VERSION,
        executable="pulumi",
    ),
)


def folder() -> Path:
    """Where `pulumi` and its language hosts are. Raises NoEngine."""
    if found := shutil.which("pulumi"):
        return Path(found).parent
    if not (CACHE / "pulumi").is_file():
        raise NoEngine("there is no pulumi on PATH and none was built: `python -m tests.engine.binaries` builds it")
    return CACHE


def build() -> None:
    """Into a folder beside, moved when whole, so that an interrupted build leaves nothing that looks finished."""
    if not shutil.which("go"):
        raise NoEngine("there is no pulumi on PATH, and no go to build it")
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as made:
        for part in BUILDS:
            built(part, Path(made))
        shutil.rmtree(CACHE, ignore_errors=True)
        shutil.copytree(made, CACHE)


def built(part: Build, into: Path) -> None:
    version = f"-s -w -X {SDK}/go/common/version.Version={part.version}"
    go(part.module, "build", "-o", str(into / part.executable), "-ldflags", version, part.package)
    if part.script:
        source = Path(go(part.module, "list", "-m", "-f", "{{.Dir}}", SDK).strip()) / part.script
        shutil.copy(source, into)
        (into / source.name).chmod(0o755)


def go(module: str, *arguments: str) -> str:
    """Output of a go command within one of the modules. Raises NoEngine with the end of what it complained of."""
    done = subprocess.run(
        ["go", *arguments],
        cwd=MODULES / module,
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoEngine(f"go {arguments[0]} in tests/engine/go/{module} failed: {done.stderr[-500:]}")
    return done.stdout


def main() -> None:
    try:
        folder()
    except NoEngine:
        print("==> building the Pulumi engine from its Go modules (2 to 5 minutes, once)", flush=True)
        try:
            build()
        except NoEngine as reason:
            print(f"    {reason}; the tests that need it will be skipped", file=sys.stderr)


if __name__ == "__main__":
    main()
