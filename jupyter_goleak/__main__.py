"""The engine in a terminal: `python -m jupyter_goleak check [OPTIONS] PATH`, and `doctor`, which tries its parts.

Exit code of `check` 0: no leak. 1: a leak. 2: wrong usage, or the program does not build. 3: the program crashed, deadlocked or
ran out of time without a leak being shown.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from jupyter_goleak.errors import BuildError, GoleakError
from jupyter_goleak.events import Finished
from jupyter_goleak.experiment import Experiment, build_error_report
from jupyter_goleak.model import Failure, Report
from jupyter_goleak.options import Options, options_for
from jupyter_goleak.program import read_program
from jupyter_goleak.view.words import Words


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m jupyter_goleak", description="Find goroutine leaks by running the program."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check",
        help="run a program and report its leaks",
        description="Run a Go program, report the goroutines that it leaks, and try the fix that it brings.",
    )
    check.add_argument("path", metavar="PATH", help="a .go file, a package folder, a .txtar, or - for standard input")
    for option in options_for("terminal"):
        check.add_argument(*option.names, **option.argument())
    doctor = commands.add_parser(
        "doctor",
        help="try every part of the detector, on a planted leak",
        description="Try every part of the detector, on a program with a planted leak; say the cure of what fails.",
    )
    doctor.add_argument("--go", metavar="PATH", help="path of the go command to use")
    given = parser.parse_args(arguments)
    return _doctor(given.go) if given.command == "doctor" else _check(given)


def _doctor(go: str | None) -> int:
    from jupyter_goleak.doctor import examine

    healthy = True
    for check in examine(go):
        healthy = healthy and check.works
        print(f"{'✓' if check.works else '✗'} {check.part:10} {check.seen}", flush=True)
        if check.cure:
            print(f"  {'':10} {check.cure}")
    return 0 if healthy else 1


def _check(given: argparse.Namespace) -> int:
    options = Options.of(vars(given))
    say = None if given.json else Words()
    try:
        report = _report(given.path, options, say)
    except GoleakError as problem:
        if given.json:
            failure = Failure(problem.kind, str(problem), problem.line)
            _print_json(Report(go="", verdict="build-error", original=None, error=failure))
        else:
            print(problem, file=sys.stderr)
        return 2
    if given.json:
        _print_json(report)
    else:
        from jupyter_goleak.view.text import to_text

        print(to_text(report, say))
    return exit_code(report)


def _report(path: str, options: Options, say: Words | None) -> Report:
    """The report, with its explanations in those words, in English for None: what a program reads is English everywhere."""
    program = read_program(path, sys.stdin.buffer.read() if path == "-" else None)
    experiment = Experiment(program, options, say=say)
    report: Report | None = None
    events = experiment.events()
    try:
        while report is None:
            try:
                event = next(events)
            except KeyboardInterrupt:
                experiment.stop()
                continue
            if isinstance(event, Finished):
                report = event.report
    except BuildError as problem:
        return build_error_report(program, problem, options)
    return report


def _print_json(report: Report) -> None:
    print(json.dumps(report.to_dict(), ensure_ascii=False))


def exit_code(report: Report) -> int:
    """What a shell learns from a report."""
    if report.error is not None:
        return 2
    if report.leaks:
        return 1
    return 0 if report.verdict in ("clean", "leak") else 3


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. What is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
