"""Exercises: a program that leaks, what an answer must keep of it, and the judge of a learner's answer.

An exercise is one archive in `exercises/`: the program as it is given, `answer.go`, which no message ever shows,
`rules.json`, and for each language a text: the task, and behind it the hints, a paragraph each, in the order in which
they are told. `Rules` names what `rules.json` may hold.

A learner's program passes when nothing of it leaks under many schedules and it still does the work of the given one, which
runs beside it: the same output, as many goroutines, no longer sleeps, hardly more time. `judge` is pure; `Examination`
runs what there is to judge and has the shape of an `Experiment`, so that whoever can show the one can show the other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from jupyter_goleak import toolchain
from jupyter_goleak.errors import UsageError
from jupyter_goleak.events import Ended, Event, Explored, Finished, Progress
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.explanation import English
from jupyter_goleak.interrupts import interruptible
from jupyter_goleak.model import Grade, Report, Run
from jupyter_goleak.options import Options
from jupyter_goleak.patterns import Say
from jupyter_goleak.program import Program, parse_program
from jupyter_goleak.rewriting import Rewriter

RUNS = 10
SEED = 1
LANGUAGE = "en"

# A run of a few milliseconds must not fail for the machine's sake.
SLACK_S = 0.2
PATIENCE = 1.5

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_FOLDER = "exercises"


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes an answer the same program as the given one.

    `runs`: under how many schedules nothing may leak. `prints`: lines that the given program owes and an answer prints.
    `extra`: it may print further ones. `numbers`: numbers in the output must be the same too.
    `goroutines`: how many must be started at least; as many as the given program starts, unless said. `alive`: how many
    may still be at work at the end. `sleeps`: what the calls of `time.Sleep` add up to in seconds; as in the given program,
    unless said.
    """

    runs: int = RUNS
    prints: tuple[str, ...] = ()
    extra: bool = True
    numbers: bool = True
    goroutines: int | None = None
    alive: int = 0
    sleeps: float | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise; `answer` is for tests and teachers."""

    name: str
    task: str
    hints: tuple[str, ...]
    given: Program
    rules: Rules
    answer: str


def names() -> tuple[str, ...]:
    """The exercises that there are."""
    return tuple(
        sorted(path.name.removesuffix(".txtar") for path in _folder().iterdir() if path.name.endswith(".txtar"))
    )


def load(name: str, language: str = LANGUAGE) -> Exercise:
    """The exercise of that name; in English where it does not speak the language. Raises UsageError where there is none."""
    if name not in names():
        raise UsageError(f"There is no exercise called {name!r}; there are: {', '.join(names())}.")
    archive = parse_program((_folder() / f"{name}.txtar").read_text(encoding="utf-8"))
    texts = {file.name: file.text for file in archive.files}
    task, *hints = _paragraphs(texts.get(f"{language}.md", texts[f"{LANGUAGE}.md"]))
    return Exercise(
        name,
        task,
        tuple(hints),
        parse_program(texts["main.go"]),
        _rules(json.loads(texts.get("rules.json", "{}"))),
        texts["answer.go"],
    )


def judge(
    exercise: Exercise, given: Run, answer: Run, others: Sequence[Run] = (), *, slept: tuple[float, float], say: Say
) -> Grade:
    """Whether the learner's run solves the exercise, and if not, what is missing, in one sentence.

    `others` are runs of the learner's program under other schedules, whose leaks `answer` has taken in. `slept` is what
    the calls of `time.Sleep` add up to in the given text and in the learner's.
    """
    fault, sentence = _fault(exercise.rules, given, answer, others, slept, say) or ("", "")
    if not fault:
        sentence = say(
            "Solved: nothing leaked in {runs} runs, and the program still does all of its work.",
            runs=answer.explored.runs,
        )
    return Grade(exercise.name, not fault, fault, sentence)


def _fault(
    rules: Rules, given: Run, answer: Run, others: Sequence[Run], slept: tuple[float, float], say: Say
) -> tuple[str, str] | None:
    """The first thing that is missing: what kind it is, and how one says it kindly."""
    patience = PATIENCE * given.duration_s + SLACK_S
    allowed = slept[0] if rules.sleeps is None else rules.sleeps
    longer = slept[1] > allowed + 1e-9 or answer.duration_s > patience
    if answer.stopped == "user":
        return "stopped", say("The run was stopped before it could show anything; run the cell once more.")
    if answer.verdict == "deadlock":
        return "deadlock", say(
            "Now everybody waits for everybody: the program stands still at line {line}; who could go first?",
            line=_line(answer),
        )
    if answer.verdict == "crash":
        return "crash", say(
            "The program crashes, with exit code {code}; what it printed last says why.", code=answer.exit_code
        )
    if answer.verdict == "timeout":
        return "timeout", say("The program does not come to its end any more; what does main wait for?")
    if answer.leaks or sum(each.count for each in answer.alive) > rules.alive:
        return _left(answer, longer, say)
    for run in (answer, *others):
        missing = _missing(rules, given, run, rules.prints)
        if missing:
            return "output", say(
                "Nothing leaks, but a part of the work is lost: the output no longer has the line “{line}”.",
                line=missing,
            )
        extra = None if rules.extra else _missing(rules, run, given)
        if extra:
            return "output", say(
                "Nothing leaks, but now the program also prints “{line}”, which it should not.", line=extra
            )
    least = _started(given) if rules.goroutines is None else rules.goroutines
    if _started(answer) < least:
        return "goroutines", say(
            "Nothing leaks, but the work is no longer shared: {least} goroutines are wanted, and {n} were started.",
            least=least,
            n=_started(answer),
        )
    if slept[1] > allowed + 1e-9:
        return "sleep", say(
            "It works, but only by longer sleeping ({now:g} s, {before:g} s allowed): let somebody tell the goroutines "
            "that it is over, and take the sleep away.",
            now=slept[1],
            before=allowed,
        )
    if answer.duration_s > patience:
        return "time", say(
            "It works, but takes {now:.1f} s where the given program takes {before:.1f} s: is the work still done side by "
            "side, and does nobody wait in vain?",
            now=answer.duration_s,
            before=given.duration_s,
        )
    return None


def _left(answer: Run, longer: bool, say: Say) -> tuple[str, str]:
    """What is said of goroutines that stay."""
    first = (answer.leaks or answer.alive)[0]
    values = {"n": first.count, "line": first.line or first.go_line or "?", "state": first.state}
    if longer:
        return "sleep", say(
            "You gave the goroutines more time, and still there are {n} at line {line} ({state}): time alone "
            "ends nobody.",
            **values,
        )
    runs, leaking = answer.explored.runs, answer.explored.leaking
    if answer.leaks and leaking < runs and runs > 1:
        return "leak", say(
            "Most runs go well, but {leaking} of {runs} leave {n} at line {line} ({state}): think of the order in which "
            "things may happen.",
            leaking=leaking,
            runs=runs,
            **values,
        )
    return "leak", say(
        "Not yet: goroutines stay, {n} at line {line} ({state}); what are they waiting for, and who could tell them?",
        **values,
    )


def _started(run: Run) -> int:
    """Goroutines started. Before Go 1.26 the runtime counts none, and quick ones are only known by their birth."""
    return max(run.created, len(run.births))


def _line(run: Run) -> object:
    waiting = (*run.leaks, *run.alive)
    return next((each.line for each in waiting if each.line), "?")


def _missing(rules: Rules, full: Run, other: Run, further: tuple[str, ...] = ()) -> str | None:
    """The first line that the one run printed, or of the further ones, which the other run did not print."""
    spare = Counter(_masked(line, rules) for line in other.stdout.splitlines())
    for line in (*full.stdout.splitlines(), *further):
        spare[_masked(line, rules)] -= 1
        if spare[_masked(line, rules)] < 0:
            return line
    return None


def _masked(line: str, rules: Rules) -> str:
    return line if rules.numbers else _NUMBER.sub("#", line)


class Examination:
    """A learner's program on trial: beside the given one first, then, if all is well, under many schedules alone.

    Iterate `events()` once; `stop()` works from any thread. The report's `original` is the given program, its `fixed`
    the learner's, and its `exercise` the grade.
    """

    def __init__(
        self, exercise: Exercise, program: Program, options: Options | None = None, *, say: Say | None = None
    ) -> None:
        self._exercise = exercise
        self._program = program
        self._options = replace(options or Options(), no_fix=True)
        self._say = say or English()
        self._stopped = False
        self._current = Experiment(
            exercise.given, replace(self._options, explore=None), fixed_program=program, say=self._say
        )

    def stop(self) -> None:
        """End the programs as an interrupt would; the report still comes."""
        self._stopped = True
        self._current.stop()

    def events(self) -> Iterator[Event]:
        """As `Experiment.events`; raises what that raises."""
        report: Report | None = None
        for event in self._current.events():
            if isinstance(event, Finished):
                report = event.report
            else:
                yield replace(event, run=_unexplained(event.run)) if isinstance(event, Ended) else event
        assert report is not None and report.original is not None and report.fixed is not None
        given, answer = _unexplained(report.original), _unexplained(report.fixed)
        slept = self._slept()
        grade = judge(self._exercise, given, answer, slept=slept, say=self._say)
        if grade.passed and not self._stopped:
            others: list[Run] = []
            for event in self._explore(answer):
                if isinstance(event, Explored):
                    others.append(event.run)
                elif isinstance(event, Ended):
                    answer = event.run
                yield event
            grade = judge(self._exercise, given, answer, others, slept=slept, say=self._say)
        yield Finished(replace(report, original=given, fixed=answer, fix=None, exercise=grade))

    def _slept(self) -> tuple[float, float]:
        go = toolchain.find(self._options.go, directory=self._program.directory)
        rewriter = Rewriter(go.helper())
        return rewriter.sleeps(self._exercise.given), rewriter.sleeps(self._program)

    def _explore(self, once: Run) -> Iterator[Event]:
        """Run the learner's program alone under many schedules; of its events only the progress and the end are told."""
        runs = self._options.explore or self._exercise.rules.runs
        seed = SEED if self._options.seed is None else self._options.seed
        self._current = Experiment(self._program, replace(self._options, explore=runs, seed=seed), say=self._say)
        if self._stopped:
            self._current.stop()
        for event in self._current.events():
            if isinstance(event, (Progress, Explored)):
                yield event
            elif isinstance(event, Finished) and event.report.original is not None:
                explored = event.report.original
                yield Ended("fixed", _unexplained(_together(once, explored)))


def _unexplained(run: Run) -> Run:
    """The run without explanations: they name the cure, and here that is for the learner to find."""
    leaks, alive = (tuple(replace(each, explanation="") for each in groups) for groups in (run.leaks, run.alive))
    return replace(run, leaks=leaks, alive=alive)


def _together(once: Run, explored: Run) -> Run:
    """The run that the page has shown, with what the exploration found beside it."""
    if explored.verdict not in ("clean", "leak"):
        return replace(explored, variant="fixed")
    return replace(
        once, verdict=explored.verdict, leaks=explored.leaks, stopped=explored.stopped, explored=explored.explored
    )


def check(name: str, source: str, **options: Any) -> Report:
    """Judge a program text against an exercise: `report.passed`, and `report.exercise.sentence` for the reason.

    `options` are those of `jupyter_goleak.check`. Raises BuildError where the text does not compile, UsageError where
    there is no such exercise.
    """
    examination = Examination(load(name), parse_program(source), Options.parse(options))
    for event in interruptible(examination):
        if isinstance(event, Finished):
            return event.report
    raise AssertionError("an examination ends with its report")


def _folder() -> Any:
    return resources.files("jupyter_goleak") / _FOLDER


def _rules(values: dict[str, Any]) -> Rules:
    return Rules(**{**values, "prints": tuple(values.get("prints", ()))})


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.strip().split("\n\n") if part.strip()]
