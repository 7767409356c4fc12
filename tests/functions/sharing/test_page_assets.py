"""What the viewer is made of: third-party files as they were published, and scripts that make HTML in one way only."""

import hashlib
import re

from share_sessions.assets import ASSETS, HERE, PAGE

CELLS = r"\| [\w@/.-]+ \| [\d.]+ \| [\w./]+ \|"
ROW = re.compile(
    rf"^\| (?P<file>[\w.-]+) {CELLS} (?P<licences>[\w., -]+) \| (?P<sha256>[0-9a-f]{{64}}) \|$", re.MULTILINE
)
"""File, package, version, path in the package, licences and hash."""
VENDOR = HERE / "assets" / "vendor"
FILES = ASSETS.files
OWN = {name: path.read_text() for name, path in FILES.items() if path.suffix == ".js" and VENDOR not in path.parents}
SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML|srcdoc|\beval\b"
    r"|\bFunction\(|localStorage|sessionStorage|document\.cookie|createPolicy"
)
MAX_VENDOR_BYTES = 400_000


def test_third_party_files_are_those_of_their_packages_with_their_licences_beside_them() -> None:
    rows = list(ROW.finditer((VENDOR / "README.md").read_text()))
    licences = {name for row in rows for name in row["licences"].split(", ")}

    sums = {row["file"]: row["sha256"] for row in rows}
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir()}
    assert sums == {name: there[name] for name in there if name.endswith((".js", ".css"))}
    assert licences == {name for name in there if name.startswith("LICENSE")}
    assert sum(path.stat().st_size for path in VENDOR.iterdir()) < MAX_VENDOR_BYTES


def test_they_are_served_byte_for_byte_under_addresses_that_change_with_what_they_import() -> None:
    for name, path in FILES.items():
        served = ASSETS.answers[ASSETS.address(name)]
        assert "immutable" in served.headers["Cache-Control"]
        assert re.search(rb'"\./', served.body) is None
        assert (served.body == path.read_bytes()) or VENDOR not in path.parents
    assert all(PAGE.count(ASSETS.address(name)) == 1 for name in FILES), "each is fetched at once, not after another"


def test_no_script_of_ours_has_another_way_to_html_than_the_sanitising_one() -> None:
    assert [(name, found[0]) for name, text in OWN.items() if (found := SINKS.search(text))] == []
    assert [name for name, text in OWN.items() if "purify.min.js" in text] == ["sanitised.js"]


def test_the_page_has_no_script_or_style_in_it_and_nothing_from_elsewhere() -> None:
    assert re.findall(r"<script[^>]*>[^<]", PAGE) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", PAGE) == []
    assert [
        url
        for url in re.findall(r'(?:src|href)="([^"]*)"', PAGE)
        if not url.startswith(("/share-assets/", "#", "data:image/svg"))
    ] == []
