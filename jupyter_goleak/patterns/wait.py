"""One group of waiting goroutines as the rules see it: what waits, what the text tells of it, who else waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile, islice, pairwise, product
from typing import Protocol

from jupyter_goleak.facts import Case, Facts, Operation, Place, Variable
from jupyter_goleak.model import Leak

# Names of functions that say what a goroutine is, so that a sentence may call it that.
_AGENTS = frozenset(
    {"worker", "sender", "receiver", "reader", "writer", "consumer", "producer", "listener", "subscriber", "publisher"}
    | {"watcher", "poller", "crawler", "fetcher", "collector", "generator", "dispatcher", "scheduler"}
)


_MOST_CHOICES = 24

# The functions that `go test` calls.
_TEST = re.compile(r"(?:Test|Fuzz|Benchmark|Example)\w*$")

# How the facts call a function without a name, before that of the function around it.
A_LITERAL_IN = "a function literal in "

# Functions that have no name to call them by, or that the runtime and `go test` call.
NOBODY_CALLS = re.compile(rf"{A_LITERAL_IN}|(?:main|init)$|Test|Benchmark|Fuzz|Example")


def plain_function(function: str) -> str:
    """`example.com/shop/till.(*drawer).open.func2.1` as the facts call it: `(*drawer).open`."""
    name = function.rpartition("/")[2].partition(".")[2]
    return re.sub(r"(?:\.func\d+|\.\d+|\.gowrap\d+|-range\d+|-fm)+$", "", name)


class Located(Protocol):
    """Something at a line of a file."""

    @property
    def file(self) -> str: ...

    @property
    def line(self) -> int: ...


class Say(Protocol):
    """Says an English sentence, with values, in the reader's language."""

    def __call__(self, sentence: str, **values: object) -> str: ...

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        """The sentence for one or for `n`, which stands in it as `{n}`."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule recognised: the pattern, why the goroutines stay, and what would end them ("" where unsure)."""

    pattern: str
    why: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """A group of goroutines, the statement in which they wait, and the other groups of the same run.

    In a `deadlock` the runtime has said that none of them can go on, main included.
    """

    leak: Leak
    place: Place
    facts: Facts
    say: Say
    deadlock: bool = False
    others: Sequence[Wait] = field(default=(), repr=False, compare=False)

    @property
    def variable(self) -> Variable | None:
        """What the statement waits for; of several values that pass there, the likeliest."""
        return self.at(self.place.variable)

    def within_its_test(self) -> Wait:
        """The same wait without the values that another test made for itself alone, where its own test made one."""
        if self.leak.test is None:
            return self
        own = self.leak.test.partition("/")[0]

        def choose(candidates: list[int], _: str) -> list[int]:
            makers = {index: self._tests(index) for index in candidates}
            if not any(tests == {own} for tests in makers.values()):
                return candidates
            return [index for index, tests in makers.items() if not tests or own in tests]

        return self._choosing(choose)

    def narrowed(self) -> Wait:
        """The same wait for those values only that were made where these goroutines were started, or in a function that
        led there, if any of them was. They are the likeliest, not the only ones: good for words, not for a verdict."""
        return self._choosing(self._made_near)

    def _choosing(self, choose: Callable[[list[int], str], list[int]]) -> Wait:
        """The same wait for those values that are chosen; where none is, for all of them."""
        cases = []
        for case in self.place.cases:
            if case.variable is not None:
                candidates = [case.variable, *case.others]
                first, *rest = choose(candidates, case.given) or candidates
                case = replace(case, variable=first, others=tuple(rest), ended=tuple(choose([*case.ended], case.given)))
            cases.append(case)
        chosen = self._about(choose(self._candidates(), self.place.given))
        ended = tuple(choose([*self.place.ended], self.place.given))
        return replace(chosen, place=replace(chosen.place, cases=tuple(cases), ended=ended))

    def _tests(self, index: int) -> set[str]:
        """The tests that made the value, none where it may be that of others, too."""
        variable = self.facts.variables[index]
        owner = self.at(variable.owner)
        if variable.global_ or (owner is not None and owner.global_):
            return set()
        made = [_TEST.match(site.function.removeprefix(A_LITERAL_IN)) for site in self._makes(index)]
        return {test[0] for test in made if test is not None} if all(made) else set()

    def _made_near(self, candidates: list[int], given: str) -> list[int]:
        here = (self.leak.go_file, self.leak.go_line)
        led = {plain_function(function) for function in self._functions()} - {given}
        for made_here in (
            lambda site: (site.file, site.line) == here,
            lambda site: site.function.removeprefix(A_LITERAL_IN) in led,
        ):
            candidates = [index for index in candidates if any(map(made_here, self._makes(index)))] or candidates
        return candidates

    def possible(self, *, ended: bool = False) -> list[Wait]:
        """The wait for each value that may be meant; of very many, the first. `ended`: also for those that something ends."""
        own = [self._about([index]) for index in (*self._candidates(), *(self.place.ended if ended else ()))] or [self]
        cases = [
            [
                replace(case, variable=index, others=(), ended=())
                for index in (case.variable, *case.others, *(case.ended if ended else ()))
            ]
            for case in self.place.cases
        ]
        every = ((wait, chosen) for wait in own for chosen in product(*cases))
        return [replace(wait, place=replace(wait.place, cases=chosen)) for wait, chosen in islice(every, _MOST_CHOICES)]

    def stands_in(self, site: Operation) -> int | None:
        """The line where these goroutines stand in the function of the operation, None where they are not in it."""
        return next((call.line for call in self.place.stack if call.body == site.body), None)

    def comes_to(self, sites: Iterable[Operation]) -> bool:
        """Whether these goroutines may yet come to one of them, by any calls, or are what one of them has started.

        Whoever is yet to call a function that makes the value anew comes there with another one.
        """
        bodies = {call.body for call in self.place.stack}
        return any(
            (self.is_ahead(site) and (site.body in bodies or not site.anew)) or bodies.intersection(site.tasks)
            for site in sites
        )

    def is_ahead(self, site: Operation) -> bool:
        """Whether they may yet come to it from where they stand."""
        if site.kind.endswith("-value"):
            # Where a method was handed on, it may be called at any time after.
            return site.body in self.place.reaches
        return site.body in self.place.ahead or (self.stands_in(site) is not None and not self._is_past(site))

    def _is_past(self, site: Operation) -> bool:
        line = self.stands_in(site)
        return line is not None and site.last_line < line and not (site.body in self.place.ahead or site.deferred)

    def stuck(self, sites: Iterable[Operation]) -> tuple[Wait, Operation] | None:
        """Others, who would yet come to one of the operations where they stand, and wait themselves; and that operation."""
        return next(self.all_stuck(sites), None)

    def all_stuck(self, sites: Iterable[Operation]) -> Iterator[tuple[Wait, Operation]]:
        """All of those others, with the operations."""
        for site in sites:
            for other in self.others:
                idle = other.leak.evidence == "alive" and not self.deadlock
                if other.leak is self.leak or idle:
                    continue
                bodies = {call.body for call in other.place.stack}
                # Who waits in that very statement waits there for another value, unless it first receives what it is to do it with.
                there = (other.place.file, other.place.line) == (site.file, site.line)
                there = there and (other.place.operation != "receive" or site.kind == "receive")
                held = site.deferrer in bodies and site.body in other.place.ahead
                ahead = (site.body in bodies or held) and not there and not other._is_past(site)
                if ahead or bodies.intersection(site.tasks):
                    yield other, site

    def _candidates(self) -> list[int]:
        return [index for index in (self.place.variable, *self.place.others) if index is not None]

    def _about(self, candidates: list[int]) -> Wait:
        if not candidates:
            return self
        return replace(self, place=replace(self.place, variable=candidates[0], others=tuple(candidates[1:])))

    def _makes(self, index: int) -> tuple[Operation, ...]:
        variable = self.facts.variables[index]
        owner = self.at(variable.owner)
        return variable.sites("make") or (owner.sites("make") if owner else ())

    def _functions(self) -> Iterator[str]:
        """The functions of the user's that led to the `go` statement, as far as they are known."""
        yield self.leak.created_by
        yield from (frame.function for frame in (*self.leak.ancestors, *self.leak.stack) if frame.user)

    def at(self, index: int | None) -> Variable | None:
        """The variable of that index."""
        return None if index is None else self.facts.variables[index]

    def held(self) -> list[Variable]:
        """The locks that these goroutines hold."""
        return [self.facts.variables[index] for index in self.place.holding]

    def took(self, lock: Variable) -> list[Operation]:
        """Where they took the lock, or such a lock, in the calls under way, and have not given it back there."""
        unlocks = [site for site in lock.sites("unlock", "runlock") if not (site.deferred or site.conditional)]
        return [
            site
            for site in lock.sites("lock", "rlock", "trylock", "tryrlock")
            if any(
                call.body == site.body
                and site.line < call.line
                and not any(free.body == site.body and site.line < free.line < call.line for free in unlocks)
                for call in self.place.stack
            )
        ]

    def case_variables(self) -> list[tuple[Case, Variable]]:
        """The cases of the select with the channel of each."""
        pairs = ((case, self.at(case.variable)) for case in self.place.cases)
        return [(case, variable) for case, variable in pairs if variable is not None]

    def runs(self, once: Variable) -> bool:
        """Whether these goroutines are in the function that the `sync.Once` runs, further out than where they wait."""
        calls = {(site.file, site.line) for site in once.sites("do")}
        outward = pairwise(dropwhile(lambda frame: not frame.user, self.leak.stack))
        return any(
            callee.function == "sync.(*Once).Do" and (caller.file, caller.line) in calls for callee, caller in outward
        )

    @property
    def outcome(self) -> str:
        """How sure it is that what they wait for stays away."""
        proven = self.deadlock or self.leak.evidence == "proven"
        if self.place.operation in ("lock", "rlock"):
            return self.say("is never released") if proven else self.say("was not released")
        return self.say("cannot come") if proven else self.say("has not come")

    def line(self, at: Located) -> int | str:
        """The line as a sentence tells it: with its file, where that is not the one in which they wait."""
        if at.file in ("", self.place.file or self.facts.file):
            return at.line
        return self.say("{line} of {file}", line=at.line, file=at.file)

    def ends(self, code: str, line: int | str) -> str:
        """Advice: that code at or after that line would end them."""
        one, many = "`{code}` after line {line} ends it.", "`{code}` after line {line} ends them."
        return self.say.count(one, many, self.leak.count, code=code, line=line)

    def who(self) -> str:
        """The goroutines, by the name of what they run where that is a name for one who does something."""
        if self.leak.ids == (1,):
            return self.say("The main goroutine")
        agent = self.leak.function.rpartition(".")[2]
        if agent in _AGENTS:
            return self.say.count("{n} {agent}", "{n} {agent}s", self.leak.count, agent=agent)
        return self.say.count("{n} goroutine", "{n} goroutines", self.leak.count)

    def function(self, site: Operation) -> str:
        """The function that it stands in, as the reader finds it in the text."""
        name = site.function.removeprefix(A_LITERAL_IN).rpartition(".")[2]
        if site.function.startswith(A_LITERAL_IN):
            return self.say("the function literal in `{name}`", name=name)
        return f"`{name}`"

    def name(self, variable: Variable, *, made: bool = True) -> str:
        """The variable as the reader finds it in the text, and where it was made, or else declared."""
        own = variable.name or self.place.expression
        here = self.place.expression
        names = f"`{own}`"
        if here and here != own and not here.endswith(f".{own}") and here.isidentifier():
            names = self.say("`{name}` (here `{here}`)", name=own, here=here)
        makes = variable.sites("make") if made else ()
        at: Located = makes[0] if makes else variable
        if not at.line or (at.file, at.line) == (self.place.file, self.place.line):
            return names
        if makes:
            return self.say("{name}, made at line {line},", name=names, line=self.line(at))
        return self.say("{name}, declared at line {line},", name=names, line=self.line(at))

    def not_followed(self, variable: Variable) -> str:
        """That code which is not seen has the variable, too."""
        return self.say("{name} is also kept where the text does not tell who uses it", name=self.name(variable))

    def lines(self, operations: Sequence[Operation]) -> str:
        """Their lines in words: "line 3", "lines 3 and 8"."""
        places = {(operation.file, operation.line): str(self.line(operation)) for operation in operations}
        return self.numbered([places[place] for place in sorted(places)])

    def numbered(self, numbers: Iterable[int | str]) -> str:
        """Line numbers in words."""
        *others, last = dict.fromkeys(map(str, numbers))
        if not others:
            return self.say("line {line}", line=last)
        return self.say("lines {lines} and {last}", lines=", ".join(others), last=last)
