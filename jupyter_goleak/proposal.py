"""A fixed variant that stands beside the original before it is known to be one, and what it takes to be accepted. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from jupyter_goleak.edits import single_edit, unified_diff
from jupyter_goleak.model import Fix, Origin, Outcome, Run
from jupyter_goleak.program import Program
from jupyter_goleak.rewriting import VariantSource

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where a fixed variant came from, what it is built from, and what the user reads of it."""

    origin: Origin
    title: str
    variant: VariantSource
    program: Program

    def fix(self, original: Program, *, verified: bool, runs: int) -> Fix:
        """It, as the fix of that program."""
        file, line, code = single_edit(original, self.program)
        return Fix(
            origin=self.origin,
            title=self.title,
            diff=unified_diff(original, self.program),
            verified=verified,
            runs=runs,
            source=self.program.source,
            text=self.program.text,
            file=file,
            line=line,
            code=code,
        )


def accepts(original: Run, fixed: Run, origin: Origin) -> tuple[bool, Outcome]:
    """Whether the fixed run may stand as a cure of the original one, and what it comes to."""
    if fixed.verdict == "leak":
        return False, "still leaks"
    if fixed.verdict in ("deadlock", "crash", "timeout"):
        return False, fixed.verdict
    if not fixed.end_seen:
        return False, "crash"
    if _lines(original.stdout) - _lines(fixed.stdout):
        return False, "changed output"
    # What a comment holds may just as well keep the program from its work; what the user has written is the user's.
    if origin == "commented-out" and len(fixed.births) < len(original.births) / 2:
        return False, "fewer goroutines"
    return True, "verified"


def _lines(text: str) -> Counter[str]:
    """Lines with their numbers masked: which worker takes which record, and how long, varies from run to run."""
    return Counter(_NUMBER.sub("#", line) for line in text.splitlines())
