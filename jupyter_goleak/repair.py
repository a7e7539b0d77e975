"""A leaking run → candidate fixes → one that is proven by having been run.

The Go helper proposes edits, the most promising first; here each is built and run, several beside each other, until one
survives: it compiles, `go vet` has nothing new to say, and in more than ten runs with one, two, four and all processors it
leaks nothing, prints and exits as the original always does, starts as many goroutines, brings no data race and is not
slower. An edit that ends some of the leaks is kept, and the search goes on from there, so that fixes combine.

`Repair` is for one run; iterate `events()` once, `stop()` works from any thread. What has not been verified is not offered.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field

from jupyter_goleak.baseline import Baseline
from jupyter_goleak.edits import single_edit, unified_diff
from jupyter_goleak.errors import GoleakError
from jupyter_goleak.events import Event, Progress, Tried
from jupyter_goleak.exploration import Schedule, schedules
from jupyter_goleak.model import Attempt, Fix, Leak, Outcome, Run
from jupyter_goleak.options import Options
from jupyter_goleak.program import Program
from jupyter_goleak.rewriting import Edit, Rewriter
from jupyter_goleak.trials import PLAIN, PROCESSORS, RUNS_AT_ONCE, SLEEPERS_AT_ONCE, Given, Trial, Trials, races
from jupyter_goleak.usual import Objection, Usual, hangs, sleeps, wanted
from jupyter_goleak.workbench import Building, Built, Workbench

_VARYING = ("changed output", "fewer goroutines")  # what more runs of the original may excuse
_NOT_ALWAYS = Objection("still leaks", "in one of several runs")
RUNS = 12  # of a candidate that shall be offered
_RUNS_WHERE_RARE = 24  # where the original does not always leak
_ROUNDS = 4  # fixes that may combine
_ODD = 2  # runs that may come out otherwise beside other programs,
_AGAIN = 3  # and how often each of them is then run alone
_TICK_S = 0.1
_RACE_S = 6.0  # longest wait for the race detector, which the first time has the standard library to compile
_LEAST_LIMIT_S = 4.0


@dataclass(order=True)
class _Candidate:
    """A program with one or more edits, in the order in which they were made, tried against `leaking` goroutines.

    `lenient`: numbers in its output may differ from the original's, since it brings to life what counts them.
    """

    cost: int
    number: int
    program: Program = field(compare=False)
    edits: tuple[Edit, ...] = field(compare=False)
    leaking: int = field(compare=False, default=0)
    lenient: bool = field(compare=False, default=False)

    @property
    def title(self) -> str:
        return "; ".join(edit.title for edit in self.edits)

    @property
    def revives(self) -> bool:
        return any(edit.revives for edit in self.edits)


@dataclass(frozen=True)
class Found:
    """A verified fix, and the run of it that was shown."""

    fix: Fix
    run: Run


# Runs a fixed program before the viewer's eyes: program, built, title of the fix.
Show = Callable[[Program, Built, str], Generator[Event, None, Run]]


class Repair:
    """The search for an edit that ends what leaked in `run` of `program`, which is `original`, built.

    While a candidate is being proven, `show` runs it as the viewer's fixed variant; its last call is that of the fix found.
    """

    def __init__(
        self,
        program: Program,
        run: Run,
        original: Building,
        bench: Workbench,
        rewriter: Rewriter,
        options: Options,
        show: Show,
    ) -> None:
        self.found: Found | None = None
        self.searched = False
        self.attempts: list[Attempt] = []
        self._program = program
        self._run = run
        self._original = original
        self._bench = bench
        self._rewriter = rewriter
        self._options = options
        self._show = show
        self._deadline = time.monotonic() + options.repair_budget
        self._trials: Trials | None = None
        self._stopped = False
        self._queue: list[_Candidate] = []
        self._seen: set[Program] = {program}
        self._numbers = itertools.count()
        self._baseline = Baseline(program, original.built, run)
        self._second: list[tuple[_Candidate, Trial]] = []

    def stop(self) -> None:
        """End the search, and all that runs for it."""
        self._stopped = True
        if self._trials is not None:
            self._trials.stop()

    def events(self) -> Generator[Event, None, None]:
        """The progress; afterwards `searched`, `found` and `attempts` say what came of it."""
        if self._stopped or self._options.repair_budget <= 0:
            return
        targets = wanted(self._run)
        self._add(self._program, targets, (), 0)
        self.searched = True
        if not self._queue:
            return
        yield Progress("Looking for a fix …")
        at_once = SLEEPERS_AT_ONCE if sleeps(self._run) else RUNS_AT_ONCE
        trials = Trials(self._bench, self._rewriter, self._options, self._limit(), at_once)
        with trials as self._trials, suppress(Given):
            yield from self._search(self._trials)
        left = (*(each for each, _ in self._second), *sorted(self._queue))
        self.attempts += [Attempt(each.title, "not tried") for each in left]

    @property
    def _usual(self) -> Usual:
        return self._baseline.usual

    @property
    def _can_race(self) -> bool:
        return self._bench.can_race and not self._options.race

    def _limit(self) -> float:
        """A candidate that takes much longer than the original is none."""
        return max(_LEAST_LIMIT_S, 0.0 if hangs(self._run) else 2 * self._run.duration_s + 1)

    @property
    def _left(self) -> float:
        return 0.0 if self._stopped else self._deadline - time.monotonic()

    def _add(self, program: Program, targets: Sequence[Leak], before: tuple[Edit, ...], least: int) -> None:
        """Queue what the helper proposes against these leaks."""
        try:
            proposed = self._rewriter.repairs(program, targets, goroot=self._bench.goroot, exports=self._bench.exports)
        except GoleakError:
            return
        for edit in proposed:
            edited = edit.program(program)
            if edited not in self._seen:
                self._seen.add(edited)
                count = sum(leak.count for leak in targets)
                candidate = _Candidate(max(edit.cost, least), next(self._numbers), edited, (*before, edit), count)
                heapq.heappush(self._queue, candidate)

    # ── the search ──────────────────────────────────────────────────────────────────────────────────────────────

    def _search(self, trials: Trials) -> Generator[Event, None, None]:
        flying: dict[Future[Trial], _Candidate] = {}
        survivors: list[tuple[_Candidate, Trial]] = []
        yields = self._run.explored.runs > 1
        sleeping = sleeps(self._run)
        most = 2
        while self._left > 0:
            while self._queue and len(flying) < most and not survivors:
                candidate = heapq.heappop(self._queue)
                # The first is likely to be the one: its proof is begun before it is needed.
                likely = not self.attempts and not flying
                race = self._can_race and likely
                # Where programs only sleep, that costs nothing.
                over = self._schedules() if likely and sleeping else ()
                flying[trials.first(candidate.program, yields=yields, race=race, over=over)] = candidate
            self._baseline.begin(trials)
            if not survivors and ((not flying and not self._queue) or self._left < self._options.repair_budget / 2):
                # What prints other numbers is the second choice.
                survivors, self._second = self._second, []
            if not flying and not survivors:
                return
            if flying:
                wait(flying, timeout=min(_TICK_S, max(0.0, self._left)), return_when=FIRST_COMPLETED)
            for future in [each for each in flying if each.done()]:
                candidate = flying.pop(future)
                self._baseline.settle(self._left)
                survivor = yield from self._weigh(trials, candidate, future)
                if survivor is not None:
                    survivors.append(survivor)
                else:
                    most = 6
            survivors.sort(key=lambda each: each[0])
            if survivors and all(survivors[0][0] < candidate for candidate in flying.values()):
                candidate, trial = survivors.pop(0)
                if (yield from self._verify(trials, candidate, trial)):
                    self.attempts += [Attempt(each.title, "not tried") for each in flying.values()]
                    return
        self.attempts += [Attempt(each.title, "not tried") for each in flying.values()]

    def _weigh(
        self, trials: Trials, candidate: _Candidate, future: Future[Trial]
    ) -> Generator[Event, None, tuple[_Candidate, Trial] | None]:
        """Judge a candidate by its first run: it survives, goes on as a part of a fix, or is out."""
        try:
            trial = future.result()
        except GoleakError as problem:
            yield self._tried(candidate, "build-error", str(problem))
            return None
        run = trial.run
        rest = wanted(run)
        hides = self._usual.hides(run)
        objection = self._usual.objection(run)
        if (
            objection is not None
            and objection.outcome in _VARYING
            and not rest
            and self._baseline.more(trials, self._left)
        ):
            objection = self._usual.objection(run)
        if objection is None and not rest and not hides:
            return candidate, trial
        for begun, _ in trial.begun:
            begun.cancel()
        if objection is None and not rest:
            # What was still at work may be hidden for ever, or slow beside so many others.
            self._second.append((candidate, trial))
            return None
        if objection is not None and candidate.revives and self._usual.objection(run, revives=True) is None:
            objection, candidate.lenient = None, True
            if not rest and not hides:
                self._second.append((candidate, trial))
                return None
        hung = hangs(self._run) and not hangs(run)
        fewer = sum(leak.count for leak in rest) < candidate.leaking
        hangs_less = hangs(self._run) and objection is not None and objection.outcome == "deadlock"
        made = candidate.edits[-1].strategy == "make-channel"  # whoever waits there may now be helped
        helps = rest and (fewer or hung or made) and (objection is None or (hangs_less and fewer))
        if helps and len(candidate.edits) < _ROUNDS:
            self._add(candidate.program, rest, candidate.edits, candidate.cost)
            yield self._tried(candidate, "still leaks", "it ends a part of them; the search goes on from there")
        elif objection is not None and not (rest and objection.outcome == "changed output"):
            yield self._tried(candidate, objection.outcome, objection.detail)
        else:
            yield self._tried(candidate, "still leaks")
        return None

    def _tried(self, candidate: _Candidate, outcome: Outcome, detail: str = "") -> Tried:
        self.attempts.append(Attempt(candidate.title, outcome, detail))
        return Tried(self.attempts[-1], len(self.attempts), len(self.attempts) + len(self._queue))

    # ── the proof ───────────────────────────────────────────────────────────────────────────────────────────────

    def _verify(self, trials: Trials, candidate: _Candidate, trial: Trial) -> Generator[Event, None, bool]:
        """Run it again and again; tell whether it stood all of that."""
        yield Progress(f"Proving: {candidate.title} …")
        building = trial.building
        vets = [trials.vet(building), trials.vet(self._original)]
        race = trial.race or (trials.race(candidate.program) if self._can_race else None)
        under = {begun: schedule for begun, schedule in trial.begun if not begun.cancelled()}
        over = [schedule for begun, schedule in trial.begun if begun.cancelled()] + self._schedules()[
            len(trial.begun) :
        ]
        under |= zip(trials.runs(candidate.program, building.built, over), over, strict=True)
        pending = list(under)
        shown = yield from self._show(candidate.program, building.built, candidate.title)
        if shown.stopped == "user":
            self.stop()
            return False
        runs, objection = [trial.run, shown], self._objection(candidate, shown)
        unfinished = [PLAIN] if any(map(self._usual.hides, runs)) else []
        odd: list[Schedule] = []
        while pending and objection is None and self._left > 0:
            done, _ = wait(pending, timeout=_TICK_S, return_when=FIRST_COMPLETED)
            for future in done:
                pending.remove(future)
                runs.append(future.result())
                if self._usual.hides(runs[-1]):
                    unfinished.append(under[future])
                new = self._objection(candidate, runs[-1])
                if new is not None and new.outcome in _VARYING and self._baseline.more(trials, self._left):
                    new = self._objection(candidate, runs[-1])
                if new is not None and new.outcome in _VARYING and len(odd) < _ODD:
                    odd.append(under[future])
                    runs.pop()
                else:
                    objection = objection or new
        for future in pending:
            future.cancel()
        if objection is None and not pending:
            # What the clock decides may come out otherwise beside other programs; alone it must not.
            for schedule in (each for each in odd for _ in range(_AGAIN)):
                runs.append(self._alone(trials, candidate.program, building.built, schedule))
                objection = objection or self._objection(candidate, runs[-1])
        if objection is None and not pending and unfinished:
            # Beside other programs even what ends may take long.
            last = trials.patient(candidate.program, building.built, unfinished[-1])
            if wanted(last) or self._usual.hides(last):
                objection = _NOT_ALWAYS
        if objection is None and not pending:
            objection = self._last_objections(trials, candidate, building, runs, vets, race)
        if objection is not None or pending:
            outcome, detail = (objection.outcome, objection.detail) if objection else ("not tried", "out of time")
            rest = next((rest for run in runs if (rest := wanted(run))), ())
            if rest and len(candidate.edits) < _ROUNDS:
                self._add(candidate.program, rest, candidate.edits, candidate.cost)
            yield self._tried(candidate, outcome, detail)
            return False
        self.found = Found(self._fix(candidate, len(runs)), shown)
        yield self._tried(candidate, "verified")
        return True

    def _schedules(self) -> list[Schedule]:
        if (explored := self._run.explored).runs > 1:
            return schedules(max(RUNS, explored.runs), explored.seed or 0)
        count = RUNS if self._usual.leaking == 1 else _RUNS_WHERE_RARE
        return [Schedule(PROCESSORS[number % len(PROCESSORS)], 0) for number in range(count - 2)]

    def _objection(self, candidate: _Candidate, run: Run) -> Objection | None:
        if objection := self._usual.objection(run, revives=candidate.lenient):
            return objection
        return _NOT_ALWAYS if wanted(run) else None

    def _last_objections(
        self,
        trials: Trials,
        candidate: _Candidate,
        building: Building,
        runs: Sequence[Run],
        vets: Sequence[Future[Sequence[str]]],
        race: Future[Run] | None,
    ) -> Objection | None:
        """What only shows when all runs are there."""
        if self._usual.fewer(runs):
            return Objection("fewer goroutines")
        if self._usual.reordered(runs):
            return Objection("changed output", "it prints the same lines in another order")
        # Beside each other programs are slower than alone.
        if self._usual.slower(runs) and self._baseline.alone(trials).slower(
            [self._alone(trials, candidate.program, building.built)]
        ):
            return Objection("slower")
        new, old = (Counter(each.result()) for each in vets)
        if complaints := new - old:
            return Objection("vet", next(iter(complaints)))
        return self._race_objection(trials, race)

    def _alone(self, trials: Trials, program: Program, built: Built, schedule: Schedule = PLAIN) -> Run:
        return trials.runs(program, built, [schedule])[0].result()

    def _race_objection(self, trials: Trials, race: Future[Run] | None) -> Objection | None:
        """A data race that the original does not have. Where the detector is not to be had in time, none is known."""
        if race is None or not races(race, min(self._left, _RACE_S)):
            return None
        if races(trials.race(self._program), min(self._left, _RACE_S)):
            return None
        return Objection("data race")

    def _fix(self, candidate: _Candidate, runs: int) -> Fix:
        before, after = self._program, candidate.program
        file, line, code = single_edit(before, after)
        return Fix(
            origin="repair",
            title=candidate.title,
            diff=unified_diff(before, after),
            verified=True,
            runs=runs,
            source=after.source,
            text=after.text,
            why=" ".join(dict.fromkeys(edit.why for edit in candidate.edits)),
            file=file,
            line=line,
            code=code,
            strategy="+".join(edit.strategy for edit in candidate.edits),
        )
