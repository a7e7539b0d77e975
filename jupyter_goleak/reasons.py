"""Runs → runs with reasons: what was seen, told with what the program's text says about those places."""

from __future__ import annotations

from dataclasses import replace

from jupyter_goleak.errors import GoleakError
from jupyter_goleak.explanation import explain
from jupyter_goleak.facts import Facts
from jupyter_goleak.model import Fix, Leak, Run
from jupyter_goleak.options import Options
from jupyter_goleak.patterns import Say
from jupyter_goleak.program import Program
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.workbench import Workbench


class Reasons:
    """Explains the runs of one experiment. Use it only after the first build: what a program imports must be there."""

    def __init__(self, rewriter: Rewriter, bench: Workbench, options: Options, say: Say) -> None:
        self._rewriter = rewriter
        self._bench = bench
        self._options = options
        self._say = say
        self._known: dict[object, Facts | None] = {}

    def explained(self, run: Run, program: Program, fix: Fix | None = None) -> Run:
        """The run of that program with its reasons, as far as the text tells them; with a verified `fix`, that is the advice."""
        if not run.leaks and not run.alive:
            return run
        # Of several runs each was weighed by itself: what lives on in one of them wakes nobody in another.
        aside = run.alive if run.explored.runs > 1 else ()
        run = replace(run, alive=() if aside else run.alive)
        facts = self._facts(program, (*run.leaks, *run.alive))
        told = explain(run, facts, say=self._say, fix=fix, ancestry=self._options.ancestry)
        return replace(told, alive=told.alive + aside)

    def _facts(self, program: Program, groups: tuple[Leak, ...]) -> Facts | None:
        """What the text tells about those groups; asked once, since a run is explained again when its fix is known."""
        key = (program, tuple((group.state, group.stack, group.go_file, group.go_line) for group in groups))
        if key not in self._known:
            try:
                self._known[key] = self._rewriter.facts(
                    self._bench.as_reported(program), groups, goroot=self._bench.goroot, exports=self._bench.exports
                )
            except GoleakError:
                self._known[key] = None
        return self._known[key]
