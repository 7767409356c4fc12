"""The person at the terminal, also where a script is on standard input."""

import os
import sys


def is_watched() -> bool:
    """Whether somebody sees what is said."""
    return sys.stderr.isatty()


def ask(question: str) -> str:
    """A line that the person types. Raises OSError where there is no terminal."""
    reading, writing = ("CONIN$", "CONOUT$") if os.name == "nt" else ("/dev/tty", "/dev/tty")
    with open(writing, "w", encoding="utf-8") as screen, open(reading, encoding="utf-8") as keyboard:
        screen.write(f"{question}: ")
        screen.flush()
        return keyboard.readline().strip()
