"""What both pages are made of: each file under an address of its content, and what both share under both hosts."""

from pathlib import Path

import pytest

from serve_downloads.assets import ASSETS as DOWNLOADS
from served_site.assets import SHARED, Assets
from share_sessions.assets import ASSETS as SHARING

FILES = {"page.js": 'import "./parts.js";', "parts.js": 'import lib from "./vendor/lib.js";', "other.js": "1;"}
LIBRARY = b'import "./parts.js";'


def site(folder: Path, **changes: str) -> Assets:
    (folder / "vendor").mkdir(parents=True)
    (folder / "vendor" / "lib.js").write_bytes(LIBRARY)
    for name, text in {**FILES, **changes}.items():
        (folder / name).write_text(text)
    return Assets(folder, "/x")


def test_the_address_of_a_script_changes_with_all_that_it_imports_and_with_nothing_else(tmp_path: Path) -> None:
    before = site(tmp_path / "before")
    after = site(tmp_path / "after", **{"parts.js": FILES["parts.js"] + "2;"})

    assert {name for name in before.files if before.address(name) != after.address(name)} == {"page.js", "parts.js"}
    assert before.answers[before.address("page.js")].body.decode() == f'import "{before.address("parts.js")}";'
    assert before.answers[before.address("lib.js")].body == LIBRARY, "what others wrote stays as it is"


def test_a_name_that_no_file_has_is_an_error_before_anybody_asks(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"absent\.js"):
        site(tmp_path, **{"page.js": 'import "./absent.js";'})


def test_both_pages_serve_what_they_share_and_no_file_of_theirs_hides_it() -> None:
    shared = {path.name for path in SHARED.iterdir()}

    assert shared == {"base.css", "clipboard.js"}
    for assets in (DOWNLOADS, SHARING):
        assert {name for name, path in assets.files.items() if path.is_relative_to(SHARED)} == shared
        assert len(assets.answers) == len(assets.files)
