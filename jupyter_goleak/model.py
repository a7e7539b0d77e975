"""The nouns: frozen values that every layer speaks in, and the report's JSON form.

They form a ladder: `Frame` → `Goroutine` → `Snapshot`, and `Sample`, `Mark`, `Leak` → `Run` → `Report`. All are
immutable, so that the thread that reads the probe and the one that draws may share them. Times are seconds since
the start of the program's process, sizes are bytes, lines count from 1 in the text that the user wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

Variant = Literal["original", "fixed"]
Evidence = Literal["proven", "likely", "alive"]
Verdict = Literal["clean", "leak", "deadlock", "crash", "timeout", "build-error"]
Origin = Literal["cell", "marker", "commented-out", "repair"]

Outcome = Literal[
    "verified",
    "build-error",
    "vet",
    "still leaks",
    "changed output",
    "fewer goroutines",
    "deadlock",
    "crash",
    "timeout",
    "data race",
    "slower",
    "not tried",
]

SCHEMA = 1
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One call on a stack. `file` is relative to the program for the user's code (`user`), else as Go wrote it."""

    function: str
    file: str
    line: int
    user: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {"function": self.function, "file": self.file, "line": self.line}


@dataclass(frozen=True, slots=True)
class Goroutine:
    """One goroutine at one moment. `state` is the runtime's wait reason; `frames` start with the innermost call.

    `ancestors` are the stacks on which its creator, that one's creator and so on ran their `go` statements, in one row,
    where the program was told to remember them, and `creators` the ids of those goroutines, as far as they are known.
    """

    id: int
    state: str
    frames: tuple[Frame, ...]
    created_by: Frame | None = None
    leaked: bool = False
    labels: Labels = ()
    ancestors: tuple[Frame, ...] = ()
    creators: tuple[int, ...] = ()

    @property
    def position(self) -> Frame | None:
        """The innermost frame in the user's code, or None where none of it is on the stack."""
        return next((frame for frame in self.frames if frame.user), None)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every goroutine of the program at one moment. `complete` is False where there were too many to list."""

    t: float
    goroutines: tuple[Goroutine, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """Goroutine counts at one moment, as `runtime.NumGoroutine` would return them, and memory held.

    `created` counts the goroutines started so far. `running`, `runnable`, `waiting` and `not_in_go` need Go 1.26
    and are None before it. `stack_bytes` and `heap_bytes` come from `runtime/metrics`.
    """

    t: float
    count: int
    created: int
    stack_bytes: int = 0
    heap_bytes: int = 0
    running: int | None = None
    runnable: int | None = None
    waiting: int | None = None
    not_in_go: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A call of `runtime.NumGoroutine` by the program itself: what it returned, and where it stands."""

    t: float
    value: int
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Birth:
    """A `go` statement was executed: its place, and what it calls ("worker", "s.serve", "func" for a literal).

    The first some thousands are noted, so that goroutines too short-lived for any snapshot are seen too.
    """

    t: float
    file: str
    line: int
    called: str


@dataclass(frozen=True, slots=True)
class Leak:
    """Goroutines of one program position: same state, same blocking line, same `go` line.

    With evidence `alive` it is no leak, only what was still there at the end. `file` and `line` are the innermost in
    the user's code, `go_file` and `go_line` those of the `go` statement, `made_file` and `made_line` where what they wait
    for was made (a channel's `make`), as far as that is known. `timeless`: time stands still for them, as it does in a
    synctest bubble whose main goroutine has ended.
    """

    evidence: Evidence
    count: int
    state: str
    function: str
    file: str
    line: int | None
    created_by: str
    go_line: int | None
    stack: tuple[Frame, ...] = ()
    pattern: str = "unknown"
    explanation: str = ""
    labels: Labels = ()
    test: str | None = None
    ids: tuple[int, ...] = ()
    go_file: str = ""
    ancestors: tuple[Frame, ...] = ()
    made_file: str = ""
    made_line: int | None = None
    timeless: bool = False

    @property
    def position(self) -> tuple[object, ...]:
        """What makes goroutines one group: where and how they wait, who started them, and their tags."""
        place = (self.state, self.function, self.file, self.line, self.created_by, self.go_line)
        return (*place, self.labels, self.test)

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Groups are told in this order: by count, then line."""
        return (-self.count, self.line or 0, self.go_line or 0, self.test or "")

    def with_others(self, other: Leak) -> Leak:
        """The group together with another one of the same position, told by who came there by more calls of the user's."""
        longest = max(self, other, key=lambda each: sum(frame.user for frame in each.stack))
        return replace(longest, count=self.count + other.count, ids=self.ids + other.ids)

    @property
    def tags(self) -> tuple[str, ...]:
        """What sets it apart from others at the same position: the test that started it, its pprof labels."""
        return (*filter(None, [self.test]), *(f"{name}={value}" for name, value in self.labels))

    def to_dict(self) -> dict[str, Any]:
        return {
            "evidence": self.evidence,
            "count": self.count,
            "state": self.state,
            "function": self.function,
            "file": self.file,
            "line": self.line,
            "created_by": self.created_by,
            "go_line": self.go_line,
            "pattern": self.pattern,
            "explanation": self.explanation,
            "stack": [frame.to_dict() for frame in self.stack],
            "labels": dict(self.labels),
            "test": self.test,
        }


@dataclass(frozen=True, slots=True)
class Exploration:
    """How many runs stand behind a result, how many of them leaked, and the seed that repeats them."""

    runs: int = 1
    leaking: int = 0
    seed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"runs": self.runs, "leaking": self.leaking, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that makes the fixed variant. `source` is the whole edited text of the file that one sees first, `text` that of the
    program, of an archive with all its files; `diff` a unified diff.

    `file`, `line` and `code` are the edit's own where it is a single line that came in or changed; "", 0 and "" else. `strategy` names
    how a fix that was searched for came about, "" for others.
    """

    origin: Origin
    title: str
    diff: str
    verified: bool
    runs: int
    source: str = field(repr=False)
    text: str = field(repr=False)
    why: str = ""
    file: str = ""
    line: int = 0
    code: str = ""
    strategy: str = ""

    def apply(self) -> str:
        """The program's text with the edit in it."""
        return self.text

    def to_dict(self) -> dict[str, Any]:
        return {
            "origin": self.origin,
            "title": self.title,
            "diff": self.diff,
            "verified": self.verified,
            "runs": self.runs,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of one variant.

    `verdict` is judged from everything else; `duration_s` lasts until `main` returned or the program was asked to end, without
    the settling; `stopped` says why a run ended before the program did: `"timeout"`,
    `"for"` (it ran as long as was asked), `"user"` (interrupted), or None. `exit_code` is the program's own, negative
    for a signal (as in `subprocess`), None where it had to be killed. `truncated` tells that `stdout` or `stderr` lost
    their middle. `note` is what a reader must know to weigh the evidence, such as that this Go cannot prove leaks;
    `ignored` counts the leaking goroutines that the reader chose not to hear of. `end_seen` is False where nobody could
    look at what the program left, as where it was killed: then that no leak was seen tells little.
    """

    variant: Variant
    verdict: Verdict
    exit_code: int | None
    duration_s: float
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    samples: tuple[Sample, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    marks: tuple[Mark, ...] = ()
    births: tuple[Birth, ...] = ()
    leaks: tuple[Leak, ...] = ()
    alive: tuple[Leak, ...] = ()
    start: int = 1
    peak: int = 1
    end: int = 1
    created: int = 0
    stopped: Literal["timeout", "for", "user"] | None = None
    explored: Exploration = Exploration()
    note: str = ""
    ignored: int = 0
    end_seen: bool = True

    def to_dict(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "duration_s": round(self.duration_s, 4),
            "stdout": self.stdout,
            "stderr": self.stderr,
            "truncated": self.truncated,
            "goroutines": {"start": self.start, "peak": self.peak, "end": self.end, "created": self.created},
            "leaks": [leak.to_dict() for leak in self.leaks],
            "alive": [leak.to_dict() for leak in self.alive],
            "explored": self.explored.to_dict(),
            "ignored": self.ignored,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no run to show: the kind of error, its one sentence, and its line in the user's text."""

    kind: str
    message: str
    line: int | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "message": self.message, "line": self.line}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One candidate fix that was tried: its title and what became of it."""

    title: str
    outcome: Outcome
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {"title": self.title, "outcome": self.outcome, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Grade:
    """How a learner's program did in an exercise. `fault` is the kind of what is missing, "" where nothing is;
    `sentence` says it to the learner."""

    exercise: str
    passed: bool
    fault: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one experiment found. `source` is the program's main text as the user wrote it, `file` its name.

    In the report on an exercise `original` is the given program, `fixed` the learner's, and `exercise` the grade. `searched`: a
    fix was searched for.
    """

    go: str
    verdict: Verdict
    original: Run | None
    fixed: Run | None = None
    fix: Fix | None = None
    error: Failure | None = None
    source: str = field(default="", repr=False)
    file: str = "main.go"
    attempts: tuple[Attempt, ...] = ()
    searched: bool = False
    exercise: Grade | None = None

    def save(self, path: str | Path) -> None:
        """Write the report to a file; its ending says how: `.html` (interactive, offline), `.svg`, `.png` or `.json`.

        Raises UsageError for another ending, or where the file cannot be written.
        """
        from jupyter_goleak.view.bundle import save

        save(self, path)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """The still forms that a notebook stores: plain text, and HTML that needs neither script nor trust."""
        from jupyter_goleak.view.bundle import mimebundle

        return mimebundle(self)

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """The leaks of the original program."""
        return self.original.leaks if self.original else ()

    @property
    def passed(self) -> bool:
        """True where the program ran to its end and left nothing behind; in an exercise, where that is solved."""
        return (
            self.exercise.passed
            if self.exercise
            else self.verdict == "clean" and (self.original is None or self.original.end_seen)
        )

    def to_dict(self) -> dict[str, Any]:
        """The object that `check --json` prints (schema 1)."""
        return {
            "schema": SCHEMA,
            "go": self.go,
            "verdict": self.verdict,
            "original": self.original.to_dict() if self.original else None,
            "fixed": self.fixed.to_dict() if self.fixed else None,
            "fix": self.fix.to_dict() if self.fix else None,
            "error": self.error.to_dict() if self.error else None,
            "attempts": [attempt.to_dict() for attempt in self.attempts],
        }
