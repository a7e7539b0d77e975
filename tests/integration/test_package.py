"""What is installed: the wheel holds all that the package needs, says what it should, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import jupyter_goleak

ROOT = Path(__file__).resolve().parents[2]
IGNORED = shutil.ignore_patterns("__pycache__", ".*_cache", "*.egg-info")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The wheel, built from a copy of the checkout, since building writes beside the sources."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    shutil.copytree(ROOT / "jupyter_goleak", source / "jupyter_goleak", ignore=IGNORED)
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    done = subprocess.run([*command, "--wheel-dir", str(built), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = built.glob("*.whl")
    return zipfile.Path(path)


def test_the_wheel_holds_every_file_of_the_package(wheel):
    package = ROOT / "jupyter_goleak"
    wanted = {
        str(path.relative_to(ROOT))
        for path in package.rglob("*")
        if path.is_file()
        and not any(part == "__pycache__" or part.startswith(".") for part in path.parts[len(ROOT.parts) :])
    }
    held = {name for name in wheel.root.namelist() if name.startswith("jupyter_goleak/") and name[-1] != "/"}
    assert held == wanted
    assert any(name.endswith(".go") for name in held)
    assert "jupyter_goleak/golang/rewrite/go.mod" in held
    assert "jupyter_goleak/py.typed" in held


def test_nothing_else_is_installed(wheel):
    folders = {name.split("/")[0] for name in wheel.root.namelist()}
    assert folders == {"jupyter_goleak", f"jupyter_goleak-{jupyter_goleak.__version__}.dist-info"}


def test_the_metadata_says_what_a_user_must_know(wheel):
    (name,) = (name for name in wheel.root.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = message_from_bytes(wheel.root.read(name))
    assert metadata["Version"] == jupyter_goleak.__version__
    assert "MIT" in (metadata["License-Expression"] or metadata["License"])
    assert metadata["Requires-Python"] == ">=3.10"
    assert set(metadata.get_all("Provides-Extra")) == {"go", "lab", "test"}
    assert metadata.get_all("Project-URL") is None
    assert metadata["Description-Content-Type"] == "text/markdown"
