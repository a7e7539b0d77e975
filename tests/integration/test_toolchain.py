"""The toolchain's cache, filled in the background."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_goleak.toolchain import find, module_file, warm

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
