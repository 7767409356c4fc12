"""`python -m opencode_stacks.publishing.executable FOLDER`: this platform's executable, for one release of all."""

import sys
from pathlib import Path

from opencode_stacks.environment import ROOT
from opencode_stacks.publishing.artifacts import refuse_broken, version_of
from opencode_stacks.publishing.building import executable
from opencode_stacks.publishing.refusal import NotPublished


def main(folder: str, source: str = str(ROOT / "client")) -> int:
    """Prints the file's path, once it was tried."""
    try:
        version = version_of(Path(source))
        file = executable(Path(source), Path(folder), version)
        refuse_broken(file, version)
    except NotPublished as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
