"""Runs a Pulumi program in process, without an engine or a cloud, and returns the graph it declared."""

import asyncio
import contextvars
import json
import os
import runpy
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import Any, Protocol

from pulumi.runtime.config import set_all_config
from pulumi.runtime.settings import Settings, configure
from pulumi.runtime.stack import run_in_stack

from opencode_components.testing.graph import Graph
from opencode_components.testing.placeholders import Placeholders
from opencode_components.testing.recording import Engine, Log, Recorder

DEFAULT_STACK = "dev"
DEFAULT_PROJECT = "project"
ORGANIZATION = "organization"

Body = Callable[[], object]
Program = Body | str | os.PathLike[str]


@dataclass(frozen=True)
class SecretConfig:
    """A config value that is stored encrypted, as by `pulumi config set --secret`."""

    value: str


class Deploy(Protocol):
    """What the fixtures `deploy` and `preview` are."""

    def __call__(
        self,
        program: Program,
        *,
        config: Mapping[str, Any] | None = None,
        stack: str = DEFAULT_STACK,
        project: str = DEFAULT_PROJECT,
        engine: Engine | None = None,
    ) -> Graph: ...


def deploy(
    program: Program,
    *,
    config: Mapping[str, Any] | None = None,
    stack: str = DEFAULT_STACK,
    project: str = DEFAULT_PROJECT,
    engine: Engine | None = None,
) -> Graph:
    """The graph that `pulumi up` would leave.

    `program` is a function, async or not, or a folder with a `__main__.py`. `config` holds what Pulumi.<stack>.yaml
    would: keys without a namespace get the project's, values that are no strings are encoded as JSON, `SecretConfig`
    marks a secret. `engine` answers for the resources; by default their outputs are invented (`Placeholders`).

    Raises what the program raises, also inside `apply`, and RuntimeError when it logged an error.
    """
    return Deployment(config or {}, stack, project, engine or Placeholders(), preview=False).run(program)


def preview(
    program: Program,
    *,
    config: Mapping[str, Any] | None = None,
    stack: str = DEFAULT_STACK,
    project: str = DEFAULT_PROJECT,
    engine: Engine | None = None,
) -> Graph:
    """The graph that `pulumi preview` would show: computed outputs are `UNKNOWN`. Otherwise like `deploy`."""
    return Deployment(config or {}, stack, project, engine or Placeholders(), preview=True).run(program)


class Deployment:
    """One run. It has a thread, an event loop and context variables of its own, so that runs never meet."""

    def __init__(self, config: Mapping[str, Any], stack: str, project: str, engine: Engine, *, preview: bool) -> None:
        self._config, self._stack, self._project, self._preview = config, stack, project, preview
        self._recorder = Recorder(engine, stack=stack, project=project, preview=preview)
        self._log = Log()

    def run(self, program: Program) -> Graph:
        body = program if callable(program) else folder_program(Path(program))
        with ThreadPoolExecutor(1, thread_name_prefix="deployment") as thread:
            thread.submit(contextvars.Context().run, self._run_in_this_thread, body).result()
        if self._log.errors:
            raise RuntimeError("the program logged errors: " + "; ".join(self._log.errors))
        return self._recorder.graph()

    def _run_in_this_thread(self, body: Body) -> None:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            # One worker: registrations arrive in one order, run after run.
            loop.set_default_executor(ThreadPoolExecutor(1, thread_name_prefix="registration"))
            # A failed apply is raised by the run itself; asyncio's own note about it would only repeat it.
            loop.set_exception_handler(lambda _loop, _context: None)
            runner.run(self._program(body))

    async def _program(self, body: Body) -> None:
        configure(
            Settings(
                project=self._project,
                stack=self._stack,
                organization=ORGANIZATION,
                root_directory=str(Path.cwd()),
                monitor=self._recorder,
                engine=self._log,
                dry_run=self._preview,
            )
        )
        set_all_config(*config_values(self._config, self._project))
        await run_in_stack(lambda: finished(body))


async def finished(body: Body) -> None:
    """Runs a program, async or not, and waits for all that it began.

    The SDK would wait, too, but walks through every pending output each time that one is there.
    """
    result = body()
    if isawaitable(result):
        await result
    failed = False
    while not failed and (pending := asyncio.all_tasks() - {asyncio.current_task()}):
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        failed = any(task.cancelled() or task.exception() for task in done)


def config_values(config: Mapping[str, Any], project: str) -> tuple[dict[str, str], list[str]]:
    """Namespaced keys with their stored text, and the keys that are secret."""
    full = {key if ":" in key else f"{project}:{key}": value for key, value in config.items()}
    secrets = [key for key, value in full.items() if isinstance(value, SecretConfig)]
    return {key: config_text(value) for key, value in full.items()}, secrets


def config_text(value: Any) -> str:
    if isinstance(value, SecretConfig):
        return value.value
    return value if isinstance(value, str) else json.dumps(value)


def folder_program(folder: Path) -> Callable[[], None]:
    """Runs `__main__.py` of the folder as Pulumi does: in that folder, and with it first on the import path.

    Raises FileNotFoundError when there is none.
    """
    if not (folder / "__main__.py").is_file():
        raise FileNotFoundError(f"{folder} has no __main__.py; give the folder that Pulumi.yaml calls `main`")

    def body() -> None:
        with in_folder(folder.resolve()):
            runpy.run_path(str(folder.resolve()), run_name="__main__")

    return body


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Modules that are imported from the folder are forgotten afterwards: the next run reads them anew."""
    before, known = Path.cwd(), set(sys.modules)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]
