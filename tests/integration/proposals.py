"""What the Go helper proposes against the leaks of a run."""

from __future__ import annotations

from jupyter_goleak.experiment import check
from jupyter_goleak.program import parse_program
from jupyter_goleak.rewriting import Edit, Rewriter
from jupyter_goleak.toolchain import find


def proposed(source: str) -> list[tuple[Edit, str]]:
    """What is proposed against the leaks that a run shows, with the program's new text, the most promising first."""
    report = check(source, repair_budget=0)
    assert report.verdict == "leak"
    edits = Rewriter(find().helper()).repairs(parse_program(source), report.original.leaks)
    return [(edit, edit.files[0].text) for edit in edits]
