"""`%goleak` and `%%goleak`: read the options, run the experiment, show it, bind the report. Nothing more.

`%%goleak [OPTIONS]` runs the Go program in the cell, `%goleak PATH [OPTIONS]` a file, folder, package or txtar archive.
The cell's value is the `Report`: in a notebook the live view has shown it already, in a terminal it prints as text. A
usage error is one line; a program that does not compile shows the compiler's message; neither has a Python traceback.
"""

from __future__ import annotations

import argparse
import atexit
import contextvars
import keyword
import shlex
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.error import UsageError as ShellUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from traitlets import TraitError, observe, validate

from jupyter_goleak.errors import BuildError, GoleakError, UsageError
from jupyter_goleak.model import Report
from jupyter_goleak.options import Options, joined, options_for, unrecognised
from jupyter_goleak.settings import Settings

if TYPE_CHECKING:
    from jupyter_goleak.exercise import Examination, Exercise
    from jupyter_goleak.experiment import Experiment
    from jupyter_goleak.program import Program
    from jupyter_goleak.view.cell import Screen
    from jupyter_goleak.view.words import Words

STOP_S = 5.0
FLAGS = tuple(name for option in options_for("notebook") for name in option.names)
LATEST = "_"
"""What --fixes calls the program of the last cell that was no fix itself."""

# What a new cell with the fix does not take over from the cell that found it.
_LEFT_OUT = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
for _option in options_for("notebook"):
    if _option.place == "notebook" or _option.dest in ("name", "no_fix", "repair_budget"):
        _LEFT_OUT.add_argument(*_option.names, **_option.argument())


class GoBuildError(Exception):
    """The Go program does not compile. Shows what the compiler said, with the cell's own lines, and no traceback."""

    def __init__(self, problem: BuildError) -> None:
        super().__init__(str(problem))
        self.problem = problem

    def _render_traceback_(self) -> list[str]:
        rendered = []
        for message in self.problem.messages:
            rendered.append(str(message))
            if message.source_line.strip():
                rendered.append(f"{message.line:>6} | {message.source_line}")
        return rendered or self.problem.output.splitlines()


def _with_options(function: Callable[..., Any]) -> Any:
    """Give the magic every option of the table that applies in a notebook."""
    for option in reversed(options_for("notebook")):
        function = argument(*option.names, **option.argument())(function)
    function = argument(
        "path", nargs="?", metavar="PATH", help="What the line magic runs: a Go file, folder, package or txtar archive."
    )(function)
    magic = magic_arguments("goleak")(function)
    magic.parser.allow_abbrev = False
    return magic


def cell_with_fix(line: str, name: str | None, report: Report) -> str | None:
    """A cell that runs the report's verified fix beside its original, which ran with these options; None without one."""
    fix = report.fix
    if fix is None or not fix.verified or fix.origin == "cell":
        return None
    _, kept = _LEFT_OUT.parse_known_args(joined(shlex.split(line), "notebook"))
    return f"%%goleak {shlex.join(('--fixes', name or LATEST, *kept))}\n{fix.apply()}"


@magics_class
class GoLeak(Magics, Settings):  # type: ignore[misc]
    """The magic of one shell, with the programs that `--name` remembers and what runs in the background."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.named: dict[str, Program] = {}
        self.background: dict[threading.Thread, Experiment | Examination] = {}
        self.hints: dict[str, int] = {}
        self._shown: Report | None = None

    @validate("language")
    def _known(self, proposal: dict[str, str]) -> str:
        from jupyter_goleak.view.words import languages

        language = proposal["value"]
        if language and language not in languages():
            raise TraitError(
                f"language: there is no {language!r}, only {' and '.join(languages())}; '' is the locale's."
            )
        return language

    @observe("language")
    def _speak(self, change: dict[str, str]) -> None:
        """What has no cell of its own, such as a report that is shown again or saved, speaks the same language."""
        from jupyter_goleak.view.words import speak

        speak(change["new"])

    @no_var_expand  # type: ignore[untyped-decorator]
    @line_cell_magic  # type: ignore[untyped-decorator]
    @_with_options
    def goleak(self, line: str, cell: str | None = None) -> Report | None:
        """Run a Go program and show its goroutines, the leaky and the fixed variant side by side."""
        from jupyter_goleak.exercise import Examination
        from jupyter_goleak.exercise import load as load_exercise
        from jupyter_goleak.experiment import Experiment
        from jupyter_goleak.view.words import Words

        try:
            values = self._values(line)
            words = Words(self.language or None)
            exercise = load_exercise(values["exercise"], words.language) if values["exercise"] else None
            if exercise is not None and (values["hint"] or (cell is None and values["path"] is None)):
                self._tell(exercise, words, hint=bool(values["hint"]))
                if cell is None:
                    return None
            program = self._program(values, cell)
            options = Options.of(values)
            original = program if options.fixes is None else self._original(options.fixes)
            if options.name is not None:
                self.named[options.name] = program
            if options.fixes is None and exercise is None:
                self.named[LATEST] = program
            fixed = None if options.fixes is None else program

            def fixed_cell(report: Report) -> str | None:
                return cell_with_fix(line, options.name, report) if cell is not None else None

            if exercise is None:
                report = self._run(Experiment(original, options, fixed, say=words), words, values, fixed_cell)
            else:
                report = self._run(Examination(exercise, program, options, say=words), words, values)
        except BuildError as problem:
            raise GoBuildError(problem) from None
        except GoleakError as problem:
            raise ShellUsageError(str(problem)) from None
        except KeyboardInterrupt:
            raise ShellUsageError("Interrupted while the program was being built.") from None
        # A value shows at least as a prompt, even where its display is withheld.
        return None if values["quiet"] and cell is not None else report

    def _values(self, line: str) -> dict[str, Any]:
        """The options given, completed by the settings. Raises UsageError."""
        try:
            # Not `parse_argstring`: it leaves the quotes around a quoted value.
            given, extra = self.goleak.parser.parse_known_args(joined(shlex.split(line), "notebook"))
        except ValueError as problem:
            raise UsageError(f"These options cannot be split into words ({problem}): {line}") from None
        if extra:
            raise UsageError(f"{unrecognised(extra, FLAGS)} See: %%goleak?")
        values: dict[str, Any] = vars(given)
        for option in options_for("notebook"):
            if option.configurable and values[option.dest] is None:
                values[option.dest] = getattr(self, option.dest)
        name = values["output"]
        if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
            raise UsageError(f"-o wants a name to bind the report to, and {name!r} is none.")
        if values["save"] is not None:
            from jupyter_goleak.view.bundle import place

            place(values["save"])
        if values["exercise"] is not None:
            if values["fixes"] is not None:
                raise UsageError("--exercise brings its own original: leave --fixes out.")
        elif values["hint"]:
            raise UsageError("--hint wants to know for which exercise: --exercise NAME.")
        if values["insert"] and (values["background"] or values["exercise"]):
            raise UsageError("--insert goes with neither --background nor --exercise.")
        return values

    def _tell(self, exercise: Exercise, words: Words, *, hint: bool) -> None:
        """Print the exercise's task, or its next hint; the answer is never among them."""
        if not hint:
            print(exercise.task)
            return
        told = self.hints.get(exercise.name, 0)
        if told >= len(exercise.hints):
            print(words("These were all of the hints for {name}.", name=exercise.name))
            return
        self.hints[exercise.name] = told + 1
        of = {"n": told + 1, "total": len(exercise.hints)}
        print(words("Hint {n} of {total}: {hint}", hint=exercise.hints[told], **of))

    def _program(self, values: dict[str, Any], cell: str | None) -> Program:
        from jupyter_goleak.program import parse_program, read_program

        path = values["path"]
        if cell is not None:
            if path is not None:
                raise UsageError(f"%%goleak runs its own cell; to run {path!r} write %goleak, with one %.")
            return parse_program(cell)
        if path is None:
            raise UsageError(
                "%goleak wants the PATH of a Go file, folder or txtar archive; %%goleak runs its own cell."
            )
        if values["insert"]:
            raise UsageError("--insert wants a cell to put another one below; a file's fix is report.fix.diff.")
        return read_program(path)

    def _original(self, name: str) -> Program:
        if name not in self.named:
            told = "No program has run yet." if name == LATEST else f"No cell has run with --name {name} yet."
            raise UsageError(told)
        return self.named[name]

    def _run(
        self,
        experiment: Experiment | Examination,
        words: Words,
        values: dict[str, Any],
        fixed_cell: Callable[[Report], str | None] = lambda _: None,
    ) -> Report | None:
        """Follow the experiment to its end; in a thread, and without a value, where the cell is to be freed."""
        from jupyter_goleak.view.cell import Screen, follow

        in_notebook = hasattr(self.shell, "kernel")
        if values["background"] and values["output"] is None and (values["quiet"] or not in_notebook):
            raise UsageError("--background with nothing to show wants a name for the report: -o NAME.")
        screen = Screen(experiment, words, fixed_cell) if in_notebook and not values["quiet"] else None

        def conclude() -> Report:
            report = follow(experiment, screen)
            if values["output"] is not None:
                self.shell.push({values["output"]: report}, interactive=False)
            if values["save"] is not None:
                report.save(values["save"])
            if values["insert"] and (text := fixed_cell(report)):
                self.shell.set_next_input(text)
            if report.exercise is not None and not values["quiet"]:
                print("✓" if report.passed else "✗", report.exercise.sentence)
            return report

        if values["background"]:
            self._start(conclude, experiment, screen)
            return None
        try:
            report = conclude()
        except (GoleakError, KeyboardInterrupt):
            if screen is not None:
                screen.clear()
            raise
        if in_notebook:
            self._shown = report
        return report

    def _start(
        self, conclude: Callable[[], Report], experiment: Experiment | Examination, screen: Screen | None
    ) -> None:
        def work() -> None:
            try:
                conclude()
            except GoleakError as problem:
                if screen is not None:
                    screen.fail(problem)
            finally:
                self.background.pop(threading.current_thread(), None)

        # With the cell's context the thread's output goes where the cell's goes.
        thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="goleak-cell", daemon=True)
        self.background[thread] = experiment
        thread.start()

    def withhold(self, report: Report) -> None:
        """Keep a report that its own cell has shown from being shown again as the cell's value."""
        if report is not self._shown:
            raise NotImplementedError  # how a formatter says: not mine, ask the next

    def forget(self, _result: object) -> None:
        """The cell is over: from here on its report shows like any other value."""
        self._shown = None

    @context_matcher()  # type: ignore[untyped-decorator]
    def complete(self, context: CompletionContext) -> SimpleMatcherResult:
        """Complete options, and the names that --fixes may take, on a line that begins with the magic."""
        words = context.text_until_cursor.removesuffix(context.token).split()
        found: list[str] = []
        if words[:1] == ["%goleak"] or (words[:1] == ["%%goleak"] and context.cursor_line == 0):
            candidates = tuple(self.named) if words[-1] == "--fixes" else FLAGS if context.token[:1] == "-" else ()
            found = [candidate for candidate in candidates if candidate.startswith(context.token)]
        return {"completions": [SimpleCompletion(text=text, type="param") for text in found], "suppress": bool(found)}

    def stop(self) -> None:
        """Stop whatever still runs in the background, and wait until it has cleaned up."""
        for thread, experiment in tuple(self.background.items()):
            experiment.stop()
            thread.join(STOP_S)


def load(shell: InteractiveShell) -> None:
    """Register the magic, its settings, its completion and the way its reports are shown."""
    unload(shell)
    magics = GoLeak(shell)
    shell.register_magics(magics)
    shell.Completer.custom_matchers.append(magics.complete)
    shell.display_formatter.ipython_display_formatter.for_type(Report, magics.withhold)
    shell.events.register("post_run_cell", magics.forget)
    atexit.register(magics.stop)
    if magics.warm_up:
        from jupyter_goleak.warming import warm

        warm(magics.go)


def unload(shell: InteractiveShell) -> None:
    """Undo what `load` did. Does nothing where it was not called."""
    magics = shell.magics_manager.registry.pop(GoLeak.__name__, None)
    if magics is None:
        return
    magics.stop()
    magics.language = ""
    atexit.unregister(magics.stop)
    shell.events.unregister("post_run_cell", magics.forget)
    shell.display_formatter.ipython_display_formatter.pop(Report)
    shell.Completer.custom_matchers.remove(magics.complete)
    shell.configurables.remove(magics)
    for kind in ("line", "cell"):
        del shell.magics_manager.magics[kind]["goleak"]
