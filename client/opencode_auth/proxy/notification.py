"""One note on the person's desktop when only they can go on; never a browser."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

from opencode_auth import notice

TITLE = "opencode-auth"
TEXT = "Your sign-in has ended. Run: opencode-auth login"
BALLOON = (
    "Add-Type -AssemblyName System.Windows.Forms; "
    "$note = New-Object System.Windows.Forms.NotifyIcon; "
    "$note.Icon = [System.Drawing.SystemIcons]::Information; $note.Visible = $true; "
    f"$note.ShowBalloonTip(10000, '{TITLE}', '{TEXT}', 'Info'); Start-Sleep -Seconds 10; $note.Dispose()"
)
COMMANDS: Mapping[str, Sequence[str]] = {
    "darwin": ("osascript", "-e", f'display notification "{TEXT}" with title "{TITLE}"'),
    "linux": ("notify-send", "--app-name", TITLE, TITLE, TEXT),
    "win32": ("powershell", "-NoProfile", "-NonInteractive", "-Command", BALLOON),
}


def command(platform: str, which: Callable[[str], str | None] = shutil.which) -> Sequence[str] | None:
    """What shows the note; None on a machine without a desktop to show it."""
    words = COMMANDS.get(platform, COMMANDS["linux"])
    program = which(words[0])
    return (program, *words[1:]) if program else None


def show() -> None:
    """Does nothing where it cannot be shown: the tool is told in its answer as well."""
    words = command(sys.platform)
    if words is None:
        return
    quiet = subprocess.DEVNULL
    try:
        # fixed words, no shell; nobody waits for it
        shown = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)  # noqa: S603
    except OSError:
        return
    reap(shown)


def reap(child: "subprocess.Popen[bytes]") -> None:
    """Takes the exit code of a child whenever it ends, without waiting for it here."""
    from threading import Thread  # noqa: PLC0415  start-up

    Thread(target=child.wait, daemon=True).start()


def tell_once() -> None:
    """Shows the note, unless this or another process has since the last sign-in."""
    if notice.is_first():
        show()
