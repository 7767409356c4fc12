"""What the page needs beside its text."""

from pathlib import Path

from served_site.assets import assets_in

ASSETS = assets_in(Path(__file__).parent / "assets", "/assets")
