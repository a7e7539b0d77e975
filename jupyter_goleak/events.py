"""What an experiment yields while it runs: frozen values, each with its variant where it belongs to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jupyter_goleak.model import Attempt, Birth, Mark, Report, Run, Sample, Snapshot, Variant


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that one waits for, in one short sentence ("Building both variants …")."""

    text: str


@dataclass(frozen=True, slots=True)
class Started:
    """The variant's process runs. `source` is its text, `diff` what sets that apart from the original's."""

    variant: Variant
    source: str
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Sampled:
    variant: Variant
    sample: Sample


@dataclass(frozen=True, slots=True)
class Snapped:
    variant: Variant
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Marked:
    variant: Variant
    mark: Mark


@dataclass(frozen=True, slots=True)
class Born:
    variant: Variant
    birth: Birth


@dataclass(frozen=True, slots=True)
class Printed:
    """Text that the program wrote; invalid UTF-8 shows as U+FFFD."""

    variant: Variant
    t: float
    stream: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True, slots=True)
class Returned:
    """`main` has returned (or `os.Exit` was called): from here on the run only settles."""

    variant: Variant
    t: float


@dataclass(frozen=True, slots=True)
class Explored:
    """One of many runs under other schedules is over; see `--explore`."""

    run: Run


@dataclass(frozen=True, slots=True)
class Ended:
    """The variant's run is over and judged."""

    variant: Variant
    run: Run


@dataclass(frozen=True, slots=True)
class Tried:
    """The search for a fix has tried one more candidate: `tried` of `total` so far."""

    attempt: Attempt
    tried: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of an experiment."""

    report: Report


Event = (
    Progress | Started | Sampled | Snapped | Marked | Born | Printed | Returned | Explored | Ended | Tried | Finished
)
