"""The guard that runs after every test, put to the test: it finds what is left behind, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"


@pytest.mark.parametrize(
    ("leaves", "says"),
    [
        ("subprocess.Popen(['cat'], start_new_session=True, stdout=DEVNULL, stderr=DEVNULL)", "cat"),
        ("subprocess.run('exec 3<&0; cat <&3 >/dev/null 2>&1 &', shell=True)", "cat"),
        ("kept.append(subprocess.Popen(['true']))", "never waited for"),
        ("threading.Thread(target=time.sleep, args=(60,), name='idle', daemon=True).start()", "Thread(idle"),
        ("open('here.txt', 'w').close()", "here.txt"),
        ("tempfile.mkdtemp(prefix='scratch-')", "scratch-"),
    ],
)
def test_what_a_test_leaves_behind_fails_it(tmp_path, leaves, says):
    done = run_under_the_guard(tmp_path, leaves)
    assert "left behind" in done.stdout
    assert says in done.stdout


def test_what_is_cleaned_up_passes(tmp_path):
    done = run_under_the_guard(tmp_path, "subprocess.run(['true']); os.remove(tempfile.mkstemp()[1])")
    assert done.returncode == 0, done.stdout


def run_under_the_guard(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(CONFTEST, folder / "conftest.py")
    imports = "import os, subprocess, tempfile, threading, time\nfrom subprocess import DEVNULL\nkept = []\n"
    (folder / "test_it.py").write_text(f"{imports}def test_it():\n    {body}\n", encoding="utf-8")
    (folder / "setup.cfg").write_text("[tool:pytest]\n", encoding="utf-8")
    environment = {**os.environ, "GOLEAK_TEST_PATIENCE": "1", "TMPDIR": str(folder)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-qs",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:unraisableexception",
        str(folder),
    ]
    # What reads this pipe lives until the outcome is known, and no longer.
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        return subprocess.CompletedProcess(command, process.wait(), said)
