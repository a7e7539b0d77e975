"""The toolchain that is found: what in the environment keeps it from work, and its cache, filled in the background."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_goleak import check
from jupyter_goleak.errors import ToolchainError
from jupyter_goleak.toolchain import find, module_file
from jupyter_goleak.warming import warm

PROGRAM = 'package main\n\nimport (\n\t"fmt"\n\t"sync"\n)\n\nfunc main() {\n\tvar mu sync.Mutex\n\tmu.Lock()\n\tfmt.Println("fine")\n}\n'


def test_a_warm_cache_holds_what_the_proof_of_a_fix_needs(tmp_path: Path) -> None:
    toolchain = find()
    if not toolchain.cgo:
        pytest.skip("the race detector needs cgo")
    warm().join()
    (tmp_path / "go.mod").write_text(module_file(toolchain), encoding="utf-8")
    (tmp_path / "main.go").write_text(PROGRAM, encoding="utf-8")
    built = toolchain.run(["build", "-race", "-v", "-o", "program", "."], tmp_path)
    assert (built.returncode, built.stderr.split()) == (0, ["main"])


def test_a_build_can_give_way(tmp_path: Path) -> None:
    toolchain = find()
    (tmp_path / "go.mod").write_text(module_file(toolchain), encoding="utf-8")
    (tmp_path / "main.go").write_text(PROGRAM, encoding="utf-8")
    with toolchain.start_build(tmp_path, tmp_path / "program", {}) as build:
        build.give_way()
        assert os.getpriority(os.PRIO_PGRP, build._process.pid) == 19
        build.wait()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("GOOS", "plan9", "GOOS is plan9, and a program for that cannot be run on this system: unset GOOS."),
        ("GOARCH", "wasm", "GOARCH is wasm, and a program for that cannot be run on this system: unset GOARCH."),
        ("GOTOOLCHAIN", "none", 'does not answer as a go command does (go: invalid GOTOOLCHAIN "none")'),
        ("GOEXPERIMENT", "magic", "does not answer as a go command does (go: unknown GOEXPERIMENT magic)"),
    ],
)
def test_an_environment_that_lets_nothing_run_is_told(
    each_go: str | None, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ToolchainError) as caught:
        find(each_go)
    assert sentence in str(caught.value)


LEAK = "package main\n\nfunc main() {\n\tgo func() { select {} }()\n}\n"


def test_lines_are_told_where_the_environment_asks_for_trimmed_paths(
    each_go: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-trimpath")
    assert [(leak.file, leak.line) for leak in check(LEAK, no_fix=True, go=each_go).leaks] == [("main.go", 4)]


def test_a_home_folder_is_found_where_the_environment_names_none(
    each_go: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    assert check(LEAK, no_fix=True, go=each_go).verdict == "leak"


def test_a_command_may_be_named_from_where_one_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command = find().command
    monkeypatch.chdir(command.parent)
    (tmp_path / "main.go").write_text(LEAK, encoding="utf-8")
    assert check(tmp_path / "main.go", no_fix=True, go=f"./{command.name}").verdict == "leak"
