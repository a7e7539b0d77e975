"""Patterns of goroutines that wait in a `select`."""

from __future__ import annotations

from jupyter_goleak.patterns.channels import elsewhere, never_closed, stuck_closer, used
from jupyter_goleak.patterns.wait import Finding, Wait


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
    parts = []
    for case, variable in wait.case_variables():
        closes, name = used(variable, "close"), f"`{variable.name}`"
        nils = [site for site in used(variable, "nil") if site.expression == case.expression]
        if case.nil:
            parts.append(
                wait.say(
                    "`{name}` (line {line}) is nil: none was made for it, and a nil channel is never ready",
                    name=case.expression,
                    line=case.line,
                )
            )
        elif nils and variable.name:
            parts.append(
                wait.say(
                    "`{name}` (line {line}) lets nobody pass once {lines} sets it to nil",
                    name=case.expression,
                    line=case.line,
                    lines=wait.lines(nils),
                )
            )
        elif case.operation == "receive" and closes:
            if closing := stuck_closer(wait, name, closes):
                return Finding("worker-without-stop", closing)
            return never_closed(wait, "worker-without-stop", name, variable, closes)
        elif elsewhere(variable):
            continue
        elif case.operation == "receive" and variable.name:
            parts.append(wait.say("{name} (line {line}) is never closed", name=name, line=case.line))
        elif case.operation == "send" and variable.name:
            parts.append(wait.say("nobody receives from {name} (line {line}) any more", name=name, line=case.line))
    why = wait.say(", and ").join(parts) or wait.say("nobody serves any of its channels any more")
    advice = wait.say("Give it a case that ends it: a `done` channel that is closed, or a context.")
    if any(case.nil for case in wait.place.cases):
        advice = wait.say("Make it with `make(chan …)` before it is used.")
    return Finding("worker-without-stop", why, advice)


def empty_select(wait: Wait) -> Finding | None:
    """`select {}` waits for nothing, for ever."""
    if "no cases" not in wait.leak.state:
        return None
    why = wait.say("a `select` without cases never ends")
    return Finding("empty-select", why, wait.say("Wait for something that ends it: a `done` channel, or a context."))
