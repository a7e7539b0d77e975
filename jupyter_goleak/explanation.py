"""Why goroutines stay, in words: a run and the facts of its program's text → the same run, explained. Pure.

An explanation is one paragraph: who waits where and for what, why that does not come, and what would end the wait. It
claims no more than is known; without facts it repeats what the runtime says. Facts also weigh the evidence: what a
running timer, a deadline or a signal may still wake is alive, however long it stood still.
"""

from __future__ import annotations

import re
from dataclasses import replace

from jupyter_goleak.facts import Facts
from jupyter_goleak.model import Exploration, Fix, Leak, Run
from jupyter_goleak.patterns import BLOCKED, Finding, Say, Wait, recognise, will_be_served, will_be_woken
from jupyter_goleak.stack_dump import short_function

# What is known of goroutines that live on.
_LIVELY = ("ticking-forever", "http-no-answer", "http-keep-alive")


class English:
    """The language that the sentences are written in."""

    def __call__(self, sentence: str, **values: object) -> str:
        return sentence.format(**values)

    def count(self, one: str, many: str, n: int, **values: object) -> str:
        return (one if n == 1 else many).format(n=f"{n:,}", **values)


def explain(
    run: Run, facts: Facts | None = None, *, say: Say | None = None, fix: Fix | None = None, ancestry: bool = False
) -> Run:
    """The run with patterns and explanations. `facts` has one place for each of `run.leaks`, then of `run.alive`.

    With a verified `fix` of a single leak, its edit is the advice. `ancestry`: tell the chain of creators as well.
    """
    say = say or English()
    groups = (*run.leaks, *run.alive)
    if facts is None or len(facts.places) != len(groups):
        return _with_groups(
            run,
            [replace(group, explanation=_plain(group, say, deadlock=run.verdict == "deadlock")) for group in groups],
        )
    waits: list[Wait] = []
    for group, place in zip(groups, facts.places, strict=True):
        if facts.weak and group.evidence == "proven" and run.verdict != "deadlock":
            # The proof does not look through weak pointers, which may lead to what wakes it.
            group = replace(group, evidence="likely")
        if group.go_line is None and place.started is not None:
            group = replace(group, go_file=place.started.file, go_line=place.started.line)
        waits.append(Wait(group, place, facts, say, run.verdict == "deadlock", waits).within_its_test())
    _weigh(waits)
    _join(waits)
    only = sum(wait.leak.evidence != "alive" for wait in waits) == 1
    crashed = run.verdict == "crash"
    return _with_groups(
        run, [_explained(wait, fix if only else None, ancestry=ancestry, crashed=crashed) for wait in waits]
    )


def _weigh(waits: list[Wait]) -> None:
    """Call alive what something may yet wake; whom that one may wake in turn is alive, too."""
    waiting = True
    while waiting:
        waiting = False
        for index, wait in enumerate(waits):
            if wait.leak.evidence == "likely" and (will_be_woken(wait) or will_be_served(wait)):
                waits[index] = replace(wait, leak=replace(wait.leak, evidence="alive"))
                waiting = True


def _join(waits: list[Wait]) -> None:
    """Make one group of those that only their evidence had set apart."""
    joined: dict[tuple[object, ...], Wait] = {}
    for wait in waits:
        key = (wait.leak.evidence, *wait.leak.position)
        known = joined.get(key)
        if known is None:
            joined[key] = wait
            continue
        leak = known.leak.with_others(wait.leak)
        joined[key] = replace(known if leak.stack is known.leak.stack else wait, leak=leak)
    waits[:] = sorted(joined.values(), key=lambda wait: wait.leak.rank)


def _with_groups(run: Run, groups: list[Leak]) -> Run:
    leaks = tuple(group for group in groups if group.evidence != "alive")
    alive = tuple(group for group in groups if group.evidence == "alive")
    verdict = "clean" if run.verdict == "leak" and not leaks else run.verdict
    explored = Exploration(leaking=int(bool(leaks))) if run.explored.runs == 1 else run.explored
    return replace(run, verdict=verdict, leaks=leaks, alive=alive, explored=explored)


def _explained(wait: Wait, fix: Fix | None, *, ancestry: bool, crashed: bool) -> Leak:
    expected = _still_expected(wait, crashed=crashed)
    # Whoever may be meant may wake it; the likeliest are what the words are about.
    wait = wait.narrowed()
    finding = expected or recognise(wait)
    made = wait.variable.sites("make")[:1] if wait.variable else ()
    leak = replace(wait.leak, made_file=made[0].file, made_line=made[0].line) if made else wait.leak
    if finding is None:
        return replace(leak, explanation=_plain(leak, wait.say, deadlock=wait.deadlock))
    advice = finding.advice
    if fix is not None and fix.verified and wait.leak.evidence != "alive" and fix.code:
        advice = wait.say.count(
            "`{code}` at line {line} ends it.",
            "`{code}` at line {line} ends them.",
            wait.leak.count,
            code=fix.code,
            line=wait.line(fix),
        )
    # "`queue`, made at line 3," may stand before a comma or the end.
    sentence = re.sub(r",(?=[,.])", "", f"{_opening(wait, finding)}: {finding.why}.")
    told = " ".join(filter(None, (sentence, advice, _creators(wait) if ancestry else "")))
    return replace(leak, pattern=finding.pattern, explanation=told)


def _creators(wait: Wait) -> str:
    """The chain of calls that led to the `go` statement, where the program was told to remember it.

    Without lines: the runtime tells where those calls return to, which is often the line after.
    """
    chain = [f"`{short_function(frame.function)}`" for frame in wait.leak.ancestors if frame.user]
    return wait.say("Started through {chain}.", chain=" ← ".join(chain)) if chain else ""


def _still_expected(wait: Wait, *, crashed: bool) -> Finding | None:
    """Why a goroutine that waits is no leak."""
    if wait.deadlock or wait.leak.evidence != "alive":
        return None
    if not wait.leak.state.startswith(BLOCKED):
        return None
    waker = will_be_woken(wait) or will_be_served(wait)
    if not waker and crashed:
        waker = wait.say("that is where it was last seen before the program broke off")
    if not waker:
        return None
    if (finding := recognise(wait.narrowed())) and finding.pattern in _LIVELY:
        return finding
    return Finding("unknown", waker)


def _opening(wait: Wait, finding: Finding) -> str:
    """Who waits where, and for what."""
    say, leak, place = wait.say, wait.leak, wait.place
    if not place.found or leak.line is None:
        return _standing(leak, say, wait.who())
    values = {"who": wait.who(), "statement": place.statement, "line": place.line, "outcome": wait.outcome}
    match place.operation:
        case "range":
            one = "{who} waits in `{statement}` (line {line}) for a value or a close that {outcome}"
            many = "{who} wait in `{statement}` (line {line}) for a value or a close that {outcome}"
        case "receive":
            one = "{who} waits in `{statement}` (line {line}) for a value that {outcome}"
            many = "{who} wait in `{statement}` (line {line}) for a value that {outcome}"
        case "send":
            one = "{who} waits in `{statement}` (line {line}) for a receiver that {outcome}"
            many = "{who} wait in `{statement}` (line {line}) for a receiver that {outcome}"
        case "select" if place.cases:
            one = "{who} waits in a `select` (line {line}) for a case that {outcome}"
            many = "{who} wait in a `select` (line {line}) for a case that {outcome}"
        case "lock" | "rlock":
            one = "{who} waits in `{statement}` (line {line}) for a lock that {outcome}"
            many = "{who} wait in `{statement}` (line {line}) for a lock that {outcome}"
        case _:
            one = "{who} waits in `{statement}` (line {line})"
            many = "{who} wait in `{statement}` (line {line})"
    if finding.pattern == "ticking-forever":
        one = "{who} lives on in `{statement}` (line {line})"
        many = "{who} live on in `{statement}` (line {line})"
    return say.count(one, many, leak.count, **values)


def _standing(leak: Leak, say: Say, who: str) -> str:
    place = leak.line if leak.line is not None else leak.go_line
    if place is None:
        one, many = "{who} stays in `{function}` ({state})", "{who} stay in `{function}` ({state})"
    elif leak.line is None:
        one = "{who}, started at line {place}, stays in `{function}` ({state})"
        many = "{who}, started at line {place}, stay in `{function}` ({state})"
    else:
        one = "{who} stays in `{function}` at line {place} ({state})"
        many = "{who} stay in `{function}` at line {place} ({state})"
    return say.count(
        one, many, leak.count, who=who, function=short_function(leak.function), place=place, state=leak.state
    )


def _plain(leak: Leak, say: Say, *, deadlock: bool) -> str:
    """What the runtime says, and nothing more."""
    who = say.count("{n} goroutine", "{n} goroutines", leak.count)
    standing = _standing(leak, say, who)
    if deadlock and leak.evidence == "alive":
        return say("{standing}: the runtime has found that nobody is left to wake it.", standing=standing)
    if leak.evidence == "proven":
        return say("{standing}: the runtime has proven that nothing can ever wake it.", standing=standing)
    if leak.evidence == "likely":
        return say("{standing}: it has not moved, but something could still reach it.", standing=standing)
    return say("{standing}: still at work, or waiting for the world outside.", standing=standing)
