"""Why a goroutine stays, in words: a leak, and what is known of the program's text, → pattern and sentence. Pure."""

from __future__ import annotations

from dataclasses import replace

from jupyter_goleak.model import Leak, Run


def explain(run: Run) -> Run:
    """The same run, its leaks with pattern and explanation."""
    return replace(
        run,
        leaks=tuple(_explained(leak) for leak in run.leaks),
        alive=tuple(_explained(leak) for leak in run.alive),
    )


def _explained(leak: Leak) -> Leak:
    who = f"{leak.count} goroutine{'s' if leak.count != 1 else ''}"
    where = f" at line {leak.line}" if leak.line else ""
    return replace(
        leak, explanation=f"{who} in {leak.function} stay{'s' if leak.count == 1 else ''}{where}: {leak.state}."
    )
