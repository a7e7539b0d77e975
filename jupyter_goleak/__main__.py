"""The engine in a terminal: `python -m jupyter_goleak check [OPTIONS] PATH`, and `doctor`, which tries its parts.

Exit code of `check` 0: no leak. 1: a leak. 2: wrong usage, or the program does not build; one package of several that does
not build is enough, whatever the others show. 3: the program crashed, deadlocked or ran out of time without a leak being
shown. 128 and the signal's number: ended by SIGTERM or SIGHUP, or interrupted before a leak or another end was seen.

With `--json` standard output holds one JSON object, whatever happens: an error without a report is one, too. An interrupt,
SIGTERM and SIGHUP end the programs, and the report comes with what was seen until then.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from jupyter_goleak.model import Report
    from jupyter_goleak.options import Options
    from jupyter_goleak.program import Program
    from jupyter_goleak.view.words import Words

# The engine is imported where it is used: an interrupt while it loads shall find somebody who takes it.

_PROGRAM = "python -m jupyter_goleak"
_NARROWEST = 40  # columns of a terminal that sentences still fit into


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    with _Signals() as signals:
        try:
            code = _run(arguments, signals, as_json)
        except KeyboardInterrupt:
            signals.call(lambda: None)
            _tell("interrupt", "Interrupted before there was anything to show.", as_json=as_json)
            code = 128 + signal.SIGINT
        return signals.exit_code(code)


def _run(arguments: Sequence[str], signals: _Signals, as_json: bool) -> int:
    from jupyter_goleak.errors import GoleakError

    try:
        with _written():
            given = _parsed(arguments)
        return _doctor(given.go) if given.command == "doctor" else _check(given, signals)
    except GoleakError as problem:
        _tell(problem.kind, str(problem), problem.line, as_json=as_json)
        return 2


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    from jupyter_goleak.errors import UsageError
    from jupyter_goleak.options import joined, options_for, unrecognised

    given, extra = _parser().parse_known_args(joined(arguments, "terminal"))
    if extra:
        options = options_for("terminal") if given.command == "check" else ()
        flags = [name for option in options for name in option.names] or ["--go"]
        raise UsageError(f"{unrecognised(extra, flags)} See: {_PROGRAM} {given.command} --help")
    return given


def _parser() -> argparse.ArgumentParser:
    from jupyter_goleak.options import options_for

    parser = _Parser(prog=_PROGRAM, description="Find goroutine leaks by running the program.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        allow_abbrev=False,
        help="run a program and report its leaks",
        description="Run a Go program, report the goroutines that it leaks, and try the fix that it brings.",
    )
    check.add_argument("path", metavar="PATH", help="a .go file, a package folder, a .txtar, or - for standard input")
    for option in options_for("terminal"):
        check.add_argument(*option.names, **option.argument())
    doctor = commands.add_parser(
        "doctor",
        allow_abbrev=False,
        help="try every part of the detector, on a planted leak",
        description="Try every part of the detector, on a program with a planted leak; say the cure of what fails.",
    )
    doctor.add_argument("--go", metavar="PATH", help="path of the go command to use")
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is an error like any other."""

    def error(self, message: str) -> NoReturn:
        from jupyter_goleak.errors import UsageError

        raise UsageError(f"{message.rstrip('.')}. See: {self.prog} --help")


class _Caught(KeyboardInterrupt):
    """Not KeyboardInterrupt itself, which Python remembers, where it came amid `exec`, to end by SIGINT in the end."""


class _Signals:
    """Takes SIGINT, SIGTERM and SIGHUP while it lasts. A KeyboardInterrupt comes of them as long as nothing has been made
    that could be left behind, afterwards what `call` says. A signal that is ignored, as under nohup, stays so."""

    def __init__(self) -> None:
        self.caught: int | None = None
        self._reaction: Callable[[], None] | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def call(self, reaction: Callable[[], None]) -> None:
        """What to do from here on, in a thread of its own, since the main one may hold a lock that it wants."""
        self._reaction = reaction

    def _take(self, number: int, _frame: types.FrameType | None) -> None:
        self.caught = number
        if self._reaction is None:
            raise _Caught
        threading.Thread(target=self._reaction, name="goleak-stop", daemon=True).start()

    def exit_code(self, code: int) -> int:
        """What a shell expects of a process that one of these ended, `code` where none did. An interrupt leaves a leak a
        leak, but that there is none has not been seen to the end."""
        if self.caught is None or (self.caught == signal.SIGINT and code):
            return code
        return 128 + self.caught


def _doctor(go: str | None) -> int:
    from jupyter_goleak.doctor import examine

    healthy = True
    for check in examine(go):
        healthy = healthy and check.works
        with _written():
            print(f"{'✓' if check.works else '✗'} {check.part:10} {check.seen}")
            if check.cure:
                print(f"  {'':10} {check.cure}")
    return 0 if healthy else 1


def _check(given: argparse.Namespace, signals: _Signals) -> int:
    from jupyter_goleak.options import Options
    from jupyter_goleak.program import read_program
    from jupyter_goleak.view.words import Words

    options = Options.of(vars(given)).outside_of_cells()
    if options.seed is not None and options.explore is None:
        print("--seed chooses the schedules of --explore, and is passed over without it.", file=sys.stderr)
    # What a program reads is English everywhere.
    say = None if given.json else Words()
    report = _report(read_program(given.path), options, say, signals)
    if given.json:
        _print_json(report)
    else:
        from jupyter_goleak.view.text import WIDTH, to_text

        columns = shutil.get_terminal_size((WIDTH, 0)).columns
        with _written():
            print(to_text(report, say, columns=max(_NARROWEST, min(columns, WIDTH))))
    return exit_code(report)


def _report(program: Program, options: Options, say: Words | None, signals: _Signals) -> Report:
    from jupyter_goleak.errors import BuildError, GoleakError
    from jupyter_goleak.events import Finished, Started
    from jupyter_goleak.experiment import Experiment, build_error_report
    from jupyter_goleak.go_process import ALL

    experiment = Experiment(program, options, say=say)

    def abandon() -> None:
        experiment.stop()
        ALL.end()

    # From here on no exception may come between: it could cut off a process that starts, or the tidying.
    signals.call(abandon)
    report: Report | None = None
    try:
        for event in experiment.events():
            if isinstance(event, Started):
                signals.call(experiment.stop)
            elif isinstance(event, Finished):
                report = event.report
    except GoleakError as problem:
        if signals.caught is not None:
            raise KeyboardInterrupt from None
        if not isinstance(problem, BuildError):
            raise
        return build_error_report(program, problem, options)
    assert report is not None
    return report


def _tell(kind: str, sentence: str, line: int | None = None, *, as_json: bool) -> None:
    """Say why there is no report."""
    from jupyter_goleak.model import Failure, Report

    if as_json:
        _print_json(Report(go="", verdict="build-error", original=None, error=Failure(kind, sentence, line)))
    else:
        print(sentence, file=sys.stderr)


def _print_json(report: Report) -> None:
    readable = (sys.stdout.encoding or "").lower().startswith("utf")
    with _written():
        print(json.dumps(report.to_dict(), ensure_ascii=not readable))


def exit_code(report: Report) -> int:
    """What a shell learns from a report."""
    if report.error is not None:
        return 2
    if report.leaks:
        return 1
    return 0 if report.verdict in ("clean", "leak") else 3


@contextlib.contextmanager
def _written() -> Iterator[None]:
    """What is printed meanwhile has arrived in the end; otherwise that is said, and the process is over."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as problem:
        # What is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(problem, BrokenPipeError):  # whoever read has seen enough
            raise SystemExit(1) from None
        print(f"Standard output cannot be written: {problem.strerror or problem}.", file=sys.stderr)
        raise SystemExit(2) from None


def _stand_in_for_closed_streams() -> None:
    """Let no file of ours get the number of a standard stream that is closed, and nobody print to nowhere."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = io.StringIO()
    if sys.stdout is None:
        print("Standard output is closed: there is nowhere to write a report to.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    _stand_in_for_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
