"""Patterns of goroutines that wait in a `select`."""

from __future__ import annotations

from jupyter_goleak.facts import Case, Variable
from jupyter_goleak.patterns.channels import elsewhere, never_closed, stuck_closer, used
from jupyter_goleak.patterns.wait import Finding, Wait
from jupyter_goleak.patterns.waking import owner, stops


def _leaves_select(wait: Wait) -> Finding | None:
    """A case that was meant to end the loop, and whose `break` leaves the select alone."""
    for case, variable in wait.case_variables():
        if case.break_line and used(variable, "send", "close"):
            why = wait.say(
                "`{case}` (line {line}) ends nothing: the `break` at line {way} leaves only the `select`, and the loop around it goes on",
                case=case.text,
                line=case.line,
                way=case.break_line,
            )
            advice = wait.say("A `return` in its place, or a `break` with a label of the loop, leaves that, too.")
            return Finding("worker-without-stop", why, advice)
    return None


def select_channels(wait: Wait) -> Finding | None:
    """A select none of whose channels anyone still serves."""
    if wait.place.operation != "select" or not wait.place.cases:
        return None
    if (broken := _leaves_select(wait)) is not None:
        return broken
    received = [
        (f"`{variable.name}`", variable, used(variable, "close"))
        for case, variable in wait.case_variables()
        if case.operation == "receive" and not case.nil
    ]
    for name, variable, closes in received:
        if closing := stuck_closer(wait, variable, name, closes):
            return Finding("worker-without-stop", closing)
    parts, passing = [], True
    for case, variable in wait.case_variables():
        closes, name = used(variable, "close"), f"`{_told(case, variable)}`"
        nils = [site for site in used(variable, "nil") if site.expression == case.expression]
        if case.nil:
            parts.append(
                wait.say(
                    "`{name}` (line {line}) is nil: none was made for it, and a nil channel is never ready",
                    name=case.expression,
                    line=case.line,
                )
            )
        elif nils and variable.name and (closes or case.operation == "send" or elsewhere(variable)):
            parts.append(
                wait.say(
                    "`{name}` (line {line}) lets nobody pass once {lines} sets it to nil",
                    name=case.expression,
                    line=case.line,
                    lines=wait.lines(nils),
                )
            )
            continue
        elif stopped := _stopped(wait, case, variable):
            parts.append(stopped)
            continue
        elif case.operation == "receive" and closes:
            return never_closed(wait, "worker-without-stop", name, variable, closes)
        elif elsewhere(variable):
            continue
        elif case.operation == "receive" and variable.name:
            parts.append(_unserved(wait, case, variable, name))
        elif case.operation == "send" and variable.name:
            parts.append(wait.say("nobody receives from {name} (line {line}) any more", name=name, line=case.line))
        passing = False
    if passing and _asks_for_nil(wait):
        parts = []  # in such a loop not all of them are nil, and which one is not, nothing tells
    why = wait.say(", and ").join(parts) or wait.say("nobody serves any of its channels any more")
    return Finding("worker-without-stop", why, _advice(wait))


def _stopped(wait: Wait, case: Case, variable: Variable) -> str:
    """That the case of a ticker or timer stays away, since that was stopped; "" where it is none, or was not."""
    clock = owner(wait, variable, "C")
    if clock is None or not (stopped := stops(wait, clock)):
        return ""
    name, line = case.expression, case.line
    if clock.kind == "timer":
        return wait.say(
            "`{name}` (line {line}) brings nothing: its timer was stopped, or what that had to send was taken already",
            name=name,
            line=line,
        )
    return wait.say("`{name}` (line {line}) was stopped at {lines}", name=name, line=line, lines=wait.lines(stopped))


def _told(case: Case, variable: Variable) -> str:
    """The channel's name, or, where the case has it by another one, that."""
    return case.expression if case.expression.isidentifier() else variable.name


def _unserved(wait: Wait, case: Case, variable: Variable, name: str) -> str:
    if _is_signal(case) and not used(variable, "send"):
        return wait.say("nobody sends on {name} (line {line}) or closes it", name=name, line=case.line)
    return wait.say("{name} (line {line}) is never closed", name=name, line=case.line)


def _is_signal(case: Case) -> bool:
    """Whether the case leaves the loop, for a value that it does not look at."""
    return case.leaves and case.operation == "receive" and case.text.startswith("case <-")


def _asks_for_nil(wait: Wait) -> bool:
    loop = wait.place.loop
    return loop is not None and loop.kind == "condition" and "!= nil" in loop.text


def _advice(wait: Wait) -> str:
    if any(case.nil for case in wait.place.cases):
        return wait.say("Make it with `make(chan …)` before it is used.")
    if _asks_for_nil(wait):
        return ""
    for case, variable in wait.case_variables():
        if not _is_signal(case) or elsewhere(variable) or not variable.name:
            continue
        written = case.expression.endswith(f".{variable.name}")
        name = case.expression if written else variable.name
        if sends := used(variable, "send"):
            return wait.say(
                "A send ends one goroutine alone: `close({name})` in place of that at {lines} ends all.",
                name=name,
                lines=wait.lines(sends),
            )
        return wait.say.count(
            "`close({name})` when the work is done ends it, by the case at line {line}.",
            "`close({name})` when the work is done ends them, by the case at line {line}.",
            wait.leak.count,
            name=name,
            line=case.line,
        )
    return wait.say("Give it a case that ends it: a `done` channel that is closed, or a context.")


def empty_select(wait: Wait) -> Finding | None:
    """`select {}` waits for nothing, for ever."""
    if "no cases" not in wait.leak.state:
        return None
    why = wait.say("a `select` without cases never ends")
    return Finding("empty-select", why, wait.say("Wait for something that ends it: a `done` channel, or a context."))
