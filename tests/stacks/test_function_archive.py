"""What is uploaded as a function: its own sources and pure Python, whatever lies beside them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opencode_local import archives
from opencode_stacks.function_archive import FUNCTIONS, SHARED, Unpackable, archive_of

FUNCTION = "serve_downloads"
NEEDED = ("ecdsa", "jinja2", "markupsafe", "six")
MAX_BYTES = 1_000_000
IMPORTED_ALONE = """
import json, sys, types
for name in ("boto3", "botocore", "botocore.config", "botocore.exceptions"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["boto3"].client = lambda *args, **kwargs: None
sys.modules["botocore.config"].Config = lambda **kwargs: None
for name in ("BotoCoreError", "ClientError"):
    setattr(sys.modules["botocore.exceptions"], name, type(name, (Exception,), {}))
sys.path.insert(0, sys.argv[1])
from serve_downloads import pages, public
print(json.dumps([getattr(sys.modules[name], "__file__") for name in %r], default=str))
"""
ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "BUCKET": "releases",
    "RELEASE_KEYS": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "DOWNLOADS_URL": "https://downloads.example.com",
    "GATEWAY_URL": "https://ai.example.com",
    "SIGNER_ARN": "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/dev/1",
    "SIGNER_KEYS_URL": "https://public-keys.auth.elb.us-east-1.amazonaws.com",
    "CLIENT_ID": "browser",
    "ISSUER": "https://login.example.com/",
}


def test_it_holds_all_sources_of_the_function_and_of_what_it_needs_and_nothing_compiled() -> None:
    packed = set(archives.files(archive_of(FUNCTION)))
    own = {path for path in packed if path.startswith(f"{FUNCTION}/")}
    endings = {path.rpartition(".")[2] for path in packed}

    assert own >= {f"{FUNCTION}/{name}" for name in ("public.py", "pages.py", "installers/install.sh")}
    assert own >= {f"{FUNCTION}/{name}" for name in ("installers/install.ps1", "templates/page.html")}
    assert {path.partition("/")[0].removesuffix(".py") for path in packed} == {FUNCTION, SHARED, *NEEDED}
    assert not endings & {"so", "pyd", "pyc", "c"}
    assert not [path for path in packed if "__pycache__" in path or "/test_" in path or "dist-info" in path]
    assert "jinja2/tests.py" in packed, "tests that templates make, not tests of the package"


def test_equal_sources_make_equal_bytes_and_few_of_them() -> None:
    first, second = (archives.zipped(archive_of(FUNCTION)) for _ in range(2))

    assert first == second
    assert len(first) < MAX_BYTES


def test_both_handlers_load_from_the_archive_alone(tmp_path: Path) -> None:
    for path, file in archives.files(archive_of(FUNCTION)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(file.content)

    done = subprocess.run(  # noqa: S603  our own text, in a Python without site-packages
        [sys.executable, "-I", "-S", "-c", IMPORTED_ALONE % (NEEDED,), str(tmp_path)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert all(file.startswith(str(tmp_path)) for file in json.loads(done.stdout))


def test_what_lies_about_in_the_folder_is_not_uploaded(tmp_path: Path) -> None:
    folder = tmp_path / FUNCTION
    for name in ("__init__.py", "__pycache__/x.py", "notes.md", ".env", "old.pyc", "assets/page.css"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")

    packed = archives.files(archive_of(FUNCTION, tmp_path))

    assert {path for path in packed if path.startswith(FUNCTION)} == {
        f"{FUNCTION}/__init__.py",
        f"{FUNCTION}/assets/page.css",
    }


@pytest.mark.parametrize(
    ("function", "message"), [("nothing", "has no sources"), ("other_one", "has no extra other-one")]
)
def test_a_function_that_cannot_be_packed_is_an_error_that_says_why(
    tmp_path: Path, function: str, message: str
) -> None:
    (tmp_path / "other_one").mkdir()
    (tmp_path / "other_one" / "__init__.py").write_text("")

    with pytest.raises(Unpackable, match=message):
        archive_of(function, tmp_path)


def test_every_function_of_the_repository_can_be_packed() -> None:
    functions = {folder.parent.name for folder in FUNCTIONS.glob("*/__init__.py")} - {SHARED}

    assert functions == {FUNCTION, "share_sessions"}
    assert all(archives.files(archive_of(function)) for function in functions)
