"""What the go command prints, in the user's own terms."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_goleak.compiler_output import build_error, why_not_fetched


def test_every_complaint_is_told_in_gos_own_order() -> None:
    output = "# shop\n./main.go:5:2: too many return values\n\thave (number)\n\twant ()\n./store.go:9:4: undefined: x\n"
    problem = build_error(output, Path("/shop"))
    assert str(problem) == (
        "main.go:5:2: too many return values\n\thave (number)\n\twant ()\nstore.go:9:4: undefined: x"
    )
    assert problem.line == 5


@pytest.mark.parametrize(
    "output",
    ["package x: build constraints exclude all Go files in /x\n", "go: no Go source files\n"],
)
def test_what_keeps_files_out_is_told_with_the_ways_to_get_them_in(output: str) -> None:
    told = str(build_error(output, Path("/x")))
    assert "--tags" in told and "CGO_ENABLED=1" in told


def test_of_a_module_that_cannot_be_had_the_name_is_told_with_the_reason() -> None:
    said = (
        "go: finding module for package example.org/a\n"
        "main.go:2:8: module example.org/a: reading https://proxy/a/@v/list: 403 Forbidden\n"
        "\tserver response: not available.\n"
    )
    assert why_not_fetched(said) == (
        "main.go:2:8: module example.org/a: reading https://proxy/a/@v/list: 403 Forbidden server response: not available."
    )
    assert why_not_fetched("go: downloading example.org/a v1.0.0\n") == "the go command said nothing"
    assert len(why_not_fetched("main.go:1:1: " + "x" * 1000)) == 401
