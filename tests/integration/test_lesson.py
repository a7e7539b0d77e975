"""The main job: what a reader of the lesson finds, with the lesson's own program and with ours of the same shape."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import jupyter_goleak
from jupyter_goleak.toolchain import find

pytestmark = pytest.mark.toolchain

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01-abandoned-receivers.ipynb"
WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.fixture(scope="module")
def ours() -> str:
    """The program of notebook 01."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    (source,) = (
        "".join(cell["source"]) for cell in cells if "".join(cell["source"]).startswith("%%goleak -o report\n")
    )
    return source.partition("\n")[2]


def test_the_lesson_is_understood(lesson):
    report = jupyter_goleak.check(lesson).to_dict()
    assert report["verdict"] == "leak"
    (leak,) = report["original"]["leaks"]
    assert leak["count"] == WORKERS
    assert (leak["state"], leak["function"], leak["line"]) == ("chan receive", "main.worker", 55)
    assert (leak["created_by"], leak["go_line"], leak["pattern"]) == ("main.processRecords", 45, "abandoned-receiver")
    assert leak["evidence"] == ("proven" if find().can_prove else "likely")
    for part in ("for v := range input", "line 55", "`input`, made at line 33, is never closed", "`close(input)`"):
        assert part in leak["explanation"]
    assert report["original"]["goroutines"] == {"start": 1, "peak": 1 + WORKERS, "end": 1 + WORKERS, "created": WORKERS}
    assert report["original"]["exit_code"] == 0


def test_the_lessons_cure_is_found_and_proven(lesson):
    report = jupyter_goleak.check(lesson).to_dict()
    assert report["fixed"]["verdict"] == "clean"
    assert report["fixed"]["leaks"] == []
    assert report["fixed"]["stdout"].count("shutting down") == WORKERS
    assert (report["fix"]["origin"], report["fix"]["verified"]) == ("commented-out", True)
    assert re.search(r"^\+\tclose\(input\)", report["fix"]["diff"], re.MULTILINE)


def test_the_lesson_prints_what_it_prints_unwatched(lesson, tmp_path):
    (tmp_path / "main.go").write_text(lesson, encoding="utf-8")
    go = find()
    plain = subprocess.run(
        [go.command, "run", "main.go"], cwd=tmp_path, env=go.environment(), capture_output=True, text=True, check=True
    )
    watched = jupyter_goleak.check(lesson, no_fix=True).original.stdout

    def masked(text: str) -> Counter[str]:
        return Counter(re.sub(r"worker \d+", "worker", line) for line in text.splitlines())

    assert masked(watched) == masked(plain.stdout)
    assert "Number of goroutines before: 1\n" in watched
    assert f"Number of goroutines after : {1 + WORKERS}\n" in watched


def test_the_command_line_says_the_same(lesson, tmp_path):
    (tmp_path / "main.go").write_text(lesson, encoding="utf-8")
    command = [sys.executable, "-m", "jupyter_goleak", "check", "--json", str(tmp_path / "main.go")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == ""
    said, meant = json.loads(done.stdout), jupyter_goleak.check(lesson).to_dict()
    assert set(said) == set(meant)
    assert said["original"]["leaks"] == meant["original"]["leaks"]
    assert said["fix"] == meant["fix"]


def test_ours_leaks_a_worker_per_processor_and_call(ours, each_go):
    report = jupyter_goleak.check(ours, go=each_go)
    (leak,) = report.leaks
    assert leak.count == 3 * WORKERS
    assert (leak.state, leak.function, leak.line) == ("chan receive", "main.resizer", 44)
    assert leak.evidence == ("proven" if find(each_go).can_prove else "likely")
    assert report.original.note or leak.evidence == "proven"
    assert report.fix.verified
    assert report.fixed.verdict == "clean"
    assert [mark.value for mark in report.original.marks] == [1, 1 + 3 * WORKERS]
