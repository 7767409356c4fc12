"""What the page needs beside its text."""

from pathlib import Path

from served_site.assets import Assets

ASSETS = Assets(Path(__file__).parent / "assets", "/assets")
