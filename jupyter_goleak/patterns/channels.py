"""Patterns of goroutines that wait on a channel: receivers nobody serves, senders nobody hears.

A sentence tells what is true whichever way the program took. That a line was reached, or that a loop was left, is said only
where the text or the stacks of the others leave no other way.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import A_LITERAL_IN, NOBODY_CALLS, Finding, Wait


def used(variable: Variable, *kinds: str) -> list[Operation]:
    """The operations of these kinds that something may come to."""
    return [site for site in variable.sites(*kinds) if not site.uncalled]


def short(wait: Wait, variable: Variable) -> str:
    """Its name alone."""
    return f"`{variable.name or wait.place.expression}`"


def is_many(variable: Variable) -> bool:
    """Whether the program may make several such values, so that what befell one of them need not concern another."""
    return any(site.again for site in variable.sites("make"))


def concerns(variable: Variable, site: Operation) -> bool:
    """Whether the operation can be on no other channel than this one."""
    return not site.shared and (not is_many(variable) or site.anew)


def stuck(wait: Wait, variable: Variable, sites: Sequence[Operation]) -> tuple[Wait, Operation] | None:
    """Others who would yet come to one of the operations, and wait themselves; and that operation.

    Where several goroutines come there, each for a channel of its own, it is only known which of them is meant where none
    can have gone without doing it, and all that are left wait at one line.
    """
    for site in sites:
        blocked = list(wait.all_stuck([site]))
        if not blocked:
            continue
        if not site.often or (not site.shared and not is_many(variable)):
            return blocked[0]
        lines = {(other.place.file, other.place.line) for other, _ in blocked}
        if _cannot_be_missed(variable, site) and len(lines) == 1 and wait.stands_in(site) is None:
            return blocked[0]
    return None


def _cannot_be_missed(variable: Variable, site: Operation) -> bool:
    """Whether nobody who came to its function for this channel can have left, as long as somebody waits for it."""
    if site.kind == "receive" and variable.sent != "one":
        return False
    return not site.conditional and not site.exits and not site.select and site.kind in ("close", "range", "receive")


def elsewhere(variable: Variable) -> bool:
    """Whether code that is not seen may use it, too: it is known to, or it must have made it."""
    return variable.unknown or not variable.sites("make")


def nil_channel(wait: Wait) -> Finding | None:
    """The runtime says that the channel is nil."""
    variable = wait.variable
    if "nil chan" not in wait.leak.state or (variable is not None and variable.via == "Done"):
        return None  # of a context without an end its own rule tells
    nils = used(variable, "nil") if variable is not None else []
    if variable is not None and variable.nil and not nils:
        why = wait.say(
            "{name} is never made, and a nil channel never lets anyone pass", name=wait.name(variable, made=False)
        )
    elif nils:
        why = wait.say(
            "`{name}` is nil there (it is set so at {lines}), and a nil channel never lets anyone pass",
            name=wait.place.expression,
            lines=wait.lines(nils),
        )
    else:
        why = wait.say(
            "`{name}` is nil there: none was made for it, and a nil channel never lets anyone pass",
            name=wait.place.expression or "?",
        )
    return Finding("nil-channel", why, _make_advice(wait, variable))


def _make_advice(wait: Wait, variable: Variable | None) -> str:
    """To make the channel, and to do what else a channel that was made needs, for the wait in it to end."""
    if variable is not None and variable.sites("make") and used(variable, "nil"):
        return ""  # it was taken away on purpose
    ended = variable is None or variable.unknown or used(variable, "close")
    match wait.place.operation:
        case "range" if not ended:
            return wait.say("Make it with `make(chan …)` before it is used, and close it when no more will come.")
        case "receive" if not ended and variable is not None and not used(variable, "send"):
            return wait.say(
                "Make it with `make(chan …)` before it is used, and close it, or send on it, when it is time."
            )
        case "send" if variable is not None and not (variable.unknown or used(variable, "receive", "range")):
            return wait.say("Make it with `make(chan …)` before it is used, and let somebody receive from it.")
    return wait.say("Make it with `make(chan …)` before it is used.")


def held_by_global(wait: Wait) -> Finding | None:
    """Unproven, because a global variable keeps the channel within reach."""
    variable = wait.variable
    if wait.leak.evidence == "proven" or variable is None:
        return None
    owner = wait.at(variable.owner)
    keeper = owner if owner is not None and owner.global_ and variable.scope != "global" else variable
    if not keeper.global_:
        return None
    name = wait.name(variable)
    if keeper is variable and variable.scope != "global":
        why = wait.say(
            "{name} is within reach of a global variable: anyone could still use it, but nobody does", name=name
        )
    elif keeper is variable:
        why = wait.say(
            "{name} is a global variable: anyone could still use it, which keeps the runtime from a proof, but nobody does",
            name=name,
        )
    else:
        why = wait.say(
            "{name} stands in the global `{keeper}`: anyone could still use it, but nobody does",
            name=name,
            keeper=keeper.name,
        )
    closes = used(variable, "close")
    if wait.place.operation not in ("range", "receive") or not closes:
        return Finding("held-by-global", why, _close_advice(wait, variable))
    if closing := stuck_closer(wait, variable, short(wait, variable), closes):
        return Finding("held-by-global", closing)
    return Finding("held-by-global", why, never_closed(wait, "held-by-global", name, variable, closes).advice)


def abandoned_receiver(wait: Wait) -> Finding | None:
    """A range or receive on a channel that gets no more values and is never closed."""
    variable = wait.variable
    if variable is None or wait.place.operation not in ("range", "receive") or variable.kind != "channel":
        return None
    sends, closes = used(variable, "send"), used(variable, "close")
    name, brief = wait.name(variable), short(wait, variable)
    if wait.place.skips:
        return skipped_release(wait, variable, "abandoned-receiver")
    if closing := stuck_closer(wait, variable, brief, closes):
        return Finding("abandoned-receiver", closing)
    if blocked := stuck(wait, variable, sends):
        other, site = blocked
        why = wait.say(
            "who sends on {name} (line {site}) waits at line {line}",
            name=brief,
            site=wait.line(site),
            line=wait.line(other.place),
        )
        return Finding("abandoned-receiver", why)
    if closes:
        return never_closed(wait, "abandoned-receiver", name, variable, closes)
    if elsewhere(variable):
        return Finding("abandoned-receiver", wait.not_followed(variable))
    if wait.place.operation == "range" or not sends:
        if sends or wait.place.operation == "range":
            why = wait.say("{name} is never closed", name=name)
        else:
            why = wait.say("nothing is ever sent on {name} and it is never closed", name=name)
    elif not all(concerns(variable, site) for site in sends):
        why = wait.say(
            "nobody comes to the send on {name} at {lines} for it, and it is never closed",
            name=brief,
            lines=wait.lines(sends),
        )
    else:
        why = wait.say(
            "no more values are sent at {lines} on {name}, and it is never closed", name=name, lines=wait.lines(sends)
        )
    return Finding("abandoned-receiver", why, _close_advice(wait, variable))


def skipped_release(wait: Wait, variable: Variable, pattern: str) -> Finding:
    """Functions of a semaphore or a pool take and give back, and who called the one leaves without having called the other."""
    first = wait.place.skips[0]
    ways = [skip for skip in wait.place.skips if (skip.function, skip.lines) == (first.function, first.lines)]
    exits = wait.numbered([wait.line(skip) for skip in ways])
    values: dict[str, object] = {
        "name": short(wait, variable),
        "function": first.function,
        "code": first.release,
        "exits": exits,
        "lines": wait.numbered(first.lines),
    }
    if wait.place.operation == "send":
        why = wait.say(
            "all places of {name} are taken, and `{function}` can leave at {exits} without the `{code}` ({lines}) that frees one",
            **values,
        )
    else:
        why = wait.say(
            "{name} is empty, and `{function}` can leave at {exits} without the `{code}` ({lines}) that gives back what it took",
            **values,
        )
    return Finding(pattern, why, wait.say("Call `{code}` before leaving at {lines}.", code=first.release, lines=exits))


def stuck_closer(wait: Wait, variable: Variable, name: str, closes: Sequence[Operation]) -> str:
    """That who should close it waits, too; "" where that is not known."""
    if not (blocked := stuck(wait, variable, closes)):
        return ""
    other, site = blocked
    return wait.say(
        "who closes {name} (line {site}) waits at line {line}",
        name=name,
        site=wait.line(site),
        line=wait.line(other.place),
    )


def never_closed(wait: Wait, pattern: str, name: str, variable: Variable, closes: list[Operation]) -> Finding:
    """A channel that the text closes, and that was not closed."""
    lines = wait.lines(closes)
    close = closes[0]
    if all(wait.stands_in(site) is not None and wait.is_ahead(site) for site in closes):
        why = wait.say("{name} is closed only at {lines}, which comes behind this wait", name=name, lines=lines)
        advice = wait.say("Close it when all has been sent: before that wait, or in a goroutine of its own.")
        return Finding(pattern, why, advice if wait.place.operation in ("range", "receive") else "")
    if len(closes) == 1 and close.exits and not close.deferred and variable.scope != "field" and not variable.unset:
        why = wait.say.count(
            "{name} is closed only at {lines}, and the way out at {exits} passes that by",
            "{name} is closed only at {lines}, and the ways out at {exits} pass that by",
            len(close.exits),
            name=name,
            lines=lines,
            exits=wait.numbered(close.exits),
        )
        return Finding(pattern, why, _closing_advice(wait, close))
    others = is_many(variable) or variable.unset or any(map(_closes_others, closes))
    if others:
        why = wait.say.count(
            "{name} is closed only at {lines}, and this one was not",
            "{name} is closed only at {lines}, and these were not",
            wait.leak.count,
            name=name,
            lines=lines,
        )
    else:
        why = wait.say("{name} is closed only at {lines}, and that close never came", name=name, lines=lines)
    if others or not (close.conditional or close.exits):
        return Finding(pattern, why, _call_advice(wait, closes))
    sure = len(closes) == 1 and not close.function.startswith(A_LITERAL_IN)
    way = wait.say("See to it that `{function}` gets there on every way.", function=close.function)
    return Finding(pattern, why, way if sure else "")


def _closing_advice(wait: Wait, close: Operation) -> str:
    """To put the close off, or, where something behind it may wait for it, to close before each way out."""
    code = f"close({close.expression})"
    if close.deferrable:
        return wait.say("A `defer {code}` in place of that would come on every way out.", code=code)
    if close.loop:
        return ""
    return wait.say("Call `{code}` before leaving at {lines}.", code=code, lines=wait.numbered(close.exits))


def _closes_others(site: Operation) -> bool:
    """Whether it closes what is at hand there, one channel or several, and not this one above all."""
    return site.shared or (site.loop and not site.conditional)


def _call_advice(wait: Wait, closes: list[Operation]) -> str:
    """Advice to call the function that closes, where it is there for that alone, as far as the text tells."""
    close = closes[0]
    function = close.function.removeprefix(A_LITERAL_IN)
    started = wait.place.started
    if len(closes) > 1 or close.loop or close.conditional or close.exits or close.goroutine or close.timed:
        return ""
    if close.returned:
        return wait.say("Call what `{function}` returns when its work is done.", function=function)
    if close.anew or (started is not None and started.function == function) or NOBODY_CALLS.match(function):
        return ""
    return wait.say("Call `{function}` when its work is done.", function=function)


def _close_advice(wait: Wait, variable: Variable) -> str:
    if wait.place.operation not in ("range", "receive") or not variable.name:
        return ""
    if wait.place.operation == "receive" and wait.place.forever and not wait.place.comma_ok:
        # A closed channel gives zero values for ever.
        return wait.say("A loop `for v := range {name}` ends when the channel is closed.", name=wait.place.expression)
    if variable.close_after:
        return wait.ends(variable.close_after.code, wait.line(variable.close_after))
    if wait.place.operation == "range":
        sends = used(variable, "send")
        if variable.gathered:
            return wait.ends(variable.gathered.code, wait.line(variable.gathered))
        # By another file's names the reader would not find it.
        written = {site.expression if site.file == wait.place.file else "" for site in sends}
        name = written.pop() if len(written) == 1 else ""
        if _may_be_several(variable, sends) and all(wait.stands_in(site) is None for site in sends):
            return wait.say(
                "Several may send, and none of them knows that it is the last: wait for all of them, with a `sync.WaitGroup`, and close the channel then."
            )
        if _is_chain(name):
            return wait.say("Whoever sends the last value should close the channel: `close({name})`.", name=name)
        return wait.say("Whoever sends the last value should close the channel.")
    return ""


def _may_be_several(variable: Variable, sends: list[Operation]) -> bool:
    """Whether goroutines send that may be several, as far as the text tells."""
    bodies = {site.body for site in sends}
    often = not is_many(variable) and any(site.often or site.repeated for site in sends)
    return any(site.goroutine for site in sends) and (len(bodies) > 1 or often)


def _is_chain(code: str) -> bool:
    """Whether it names a variable or a field."""
    return all(part.isidentifier() for part in code.split("."))
