"""`make up`: a wrong option is told at once, before all of AWS is loaded."""

import gc
from collections.abc import Mapping
from importlib import import_module

from opencode_local.run.options import Options


def run(environ: Mapping[str, str]) -> int:
    """The exit code. Raises OptionError.

    Nearly all that a start imports and makes stays; to look for garbage among it took a quarter of the start.
    """
    options = Options.read(environ)
    gc.disable()
    return int(import_module("opencode_local.run.foreground").run(options))
