"""Starts a command, and leaves a watch behind that ends it when whoever asked for it is gone.

    python launcher.py <fd> <words> <command at the end>... <command>...

`fd` is the reading end of a pipe whose other end the asker alone holds: it closes when the asker ends, however that
happens. Then the watch runs the first `words` words, if any, and kills the process group, itself included. The command
keeps the launcher's process id, and is the group's leader.
"""

import os
import signal
import sys

NOT_FOUND = 127
"""Exit code. Source: Docker documentation, "docker run", exit status (read 2026-11-21)."""


def main() -> None:
    pipe, count = int(sys.argv[1]), int(sys.argv[2])
    last_words, command = sys.argv[3 : 3 + count], sys.argv[3 + count :]
    if (child := os.fork()) == 0:
        if os.fork() == 0:
            watch(pipe, last_words)
        os._exit(0)  # the watch is nobody's child: the command may wait for all of its own
    os.waitpid(child, 0)
    os.close(pipe)
    try:
        os.execvp(command[0], command)  # noqa: S606 - arguments, not a shell line
    except OSError as error:
        sys.stderr.write(f"exec: {command[0]!r}: {error.strerror}\n")
        sys.stderr.flush()
        os._exit(NOT_FOUND)


def watch(pipe: int, last_words: list[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))  # what the command was given ends with the command
    while os.read(pipe, 1):
        pass
    if last_words:
        os.spawnvp(os.P_WAIT, last_words[0], last_words)  # noqa: S606 - arguments, not a shell line
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
