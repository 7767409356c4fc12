"""The viewer's page, and what it needs beside its text."""

from pathlib import Path

from served_site.assets import Assets

HERE = Path(__file__).parent
ASSETS = Assets(HERE / "assets", "/share-assets")
PAGE = ASSETS.with_addresses((HERE / "templates" / "share.html").read_text())
"""The same for every share, with nothing of a share in it."""
