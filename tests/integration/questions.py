"""What the Go helper tells of one goroutine that waits in a program."""

from __future__ import annotations

from jupyter_goleak.facts import Facts, Variable
from jupyter_goleak.model import Frame, Goroutine
from jupyter_goleak.program import parse_program
from jupyter_goleak.rewriting import Rewriter


def ask(rewriter: Rewriter, text: str, state: str, line: int, go_line: int = 0, callers: tuple[int, ...] = ()) -> Facts:
    frames = tuple(Frame("", "main.go", each, user=True) for each in (line, *callers))
    facts = rewriter.facts(parse_program(text), [Goroutine(1, state, frames, Frame("", "main.go", go_line, user=True))])
    assert facts.problem == ""
    return facts


def subject(facts: Facts) -> Variable:
    variable = facts.of(facts.places[0])
    assert variable is not None
    return variable
