"""Patterns of goroutines that wait on a channel: receivers nobody serves, senders nobody hears.

A sentence tells what is true whichever way the program took. That a line was reached, or that a loop was left, is said only
where the text or the stacks of the others leave no other way.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import A_LITERAL_IN, Finding, Wait


def used(variable: Variable, *kinds: str) -> list[Operation]:
    """The operations of these kinds that something may come to."""
    return [site for site in variable.sites(*kinds) if not site.uncalled]


def _short(wait: Wait, variable: Variable) -> str:
    return f"`{variable.name or wait.place.expression}`"


def _many(variable: Variable) -> bool:
    """Whether the program may make several such values, so that what befell one of them need not concern another."""
    return any(site.again for site in variable.sites("make"))


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
    return Finding("nil-channel", why, wait.say("Make it with `make(chan …)` before it is used."))


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
    return Finding("held-by-global", why, _close_advice(wait, variable))


def abandoned_receiver(wait: Wait) -> Finding | None:
    """A range or receive on a channel that gets no more values and is never closed."""
    variable = wait.variable
    if variable is None or wait.place.operation not in ("range", "receive") or variable.kind != "channel":
        return None
    sends, closes = used(variable, "send"), used(variable, "close")
    name, short = wait.name(variable), _short(wait, variable)
    if closing := stuck_closer(wait, short, closes):
        return Finding("abandoned-receiver", closing)
    if blocked := wait.stuck(sends):
        other, site = blocked
        why = wait.say(
            "who sends on {name} (line {site}) waits at line {line}",
            name=short,
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
    else:
        why = wait.say(
            "no more values are sent at {lines} on {name}, and it is never closed", name=name, lines=wait.lines(sends)
        )
    return Finding("abandoned-receiver", why, _close_advice(wait, variable))


def stuck_closer(wait: Wait, name: str, closes: Sequence[Operation]) -> str:
    """That who should close it waits, too; "" where that is not known."""
    if not (blocked := wait.stuck(closes)):
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
    if len(closes) == 1 and close.exits and not close.deferred and variable.scope != "field" and not variable.unset:
        why = wait.say.count(
            "{name} is closed only at {lines}, and the way out at {exits} passes that by",
            "{name} is closed only at {lines}, and the ways out at {exits} pass that by",
            len(close.exits),
            name=name,
            lines=lines,
            exits=wait.numbered(close.exits),
        )
        return Finding(
            pattern, why, wait.say("A `defer close({name})` would come on every way out.", name=close.expression)
        )
    if _many(variable) or variable.unset:
        why = wait.say.count(
            "{name} is closed only at {lines}, and this one was not",
            "{name} is closed only at {lines}, and these were not",
            wait.leak.count,
            name=name,
            lines=lines,
        )
    else:
        why = wait.say("{name} is closed only at {lines}, and that close never came", name=name, lines=lines)
    way = wait.say("See to it that `{function}` gets there on every way.", function=closes[0].function)
    sure = (
        len(closes) == 1
        and not _many(variable)
        and not variable.unset
        and not closes[0].function.startswith(A_LITERAL_IN)
    )
    return Finding(pattern, why, way if sure else "")


def _close_advice(wait: Wait, variable: Variable) -> str:
    if wait.place.operation not in ("range", "receive") or not variable.name:
        return ""
    if wait.place.operation == "receive" and wait.place.forever and not wait.place.comma_ok:
        # A closed channel gives zero values for ever.
        return wait.say("A loop `for v := range {name}` ends when the channel is closed.", name=wait.place.expression)
    if variable.close_after:
        return wait.ends(variable.close_after.code, wait.line(variable.close_after))
    if wait.place.operation == "range":
        written = {site.expression for site in used(variable, "send")}
        if len(written) == 1 and _is_chain(name := written.pop()):
            return wait.say("Whoever sends the last value should close the channel: `close({name})`.", name=name)
        return wait.say("Whoever sends the last value should close the channel.")
    return ""


def _is_chain(code: str) -> bool:
    """Whether it names a variable or a field."""
    return all(part.isidentifier() for part in code.split("."))


def abandoned_generator(wait: Wait) -> Finding | None:
    """A sender in a loop whose consumer takes no more."""
    variable = wait.variable
    if variable is None or wait.place.operation != "send" or wait.place.loop is None:
        return None
    ranges = used(variable, "range")
    if not ranges:
        return None
    consumer = ranges[0]
    producer_closes = bool(variable.sites("close"))
    pattern = (
        "forgotten-sender" if producer_closes and consumer.function == wait.place.function else "abandoned-generator"
    )
    if receiving := _stuck_receiver(wait, ranges):
        return Finding(pattern, receiving)
    advice = wait.say(
        "Let the consumer tell that it goes: a `done` channel or a context, and a `select` around the send."
    )
    return Finding(pattern, _loop_ended(wait, consumer), advice)


def _stuck_receiver(wait: Wait, receives: Sequence[Operation]) -> str:
    """That who should take its value waits, too; "" where that is not known."""
    for site in receives:
        line = wait.stands_in(site)
        if site.kind == "range" and line is not None and site.line < line <= site.end_line:
            return wait.say(
                "who takes its values, in `{text}` (line {site}), is that goroutine itself",
                text=site.text,
                site=wait.line(site),
            )
    if not (blocked := wait.stuck(receives)):
        return ""
    other, site = blocked
    return wait.say(
        "who takes its values in `{text}` (line {site}) waits at line {line}",
        text=site.text,
        site=wait.line(site),
        line=wait.line(other.place),
    )


def _loop_ended(wait: Wait, consumer: Operation) -> str:
    if consumer.kind == "range" and consumer.exits and not consumer.conditional:
        return wait.say(
            "the loop `{text}` (line {line}) takes no more of its values: it can be left at {exits}",
            text=consumer.text,
            line=wait.line(consumer),
            exits=wait.numbered(consumer.exits),
        )
    return wait.say(
        "the loop `{text}` (line {line}) takes no more of its values", text=consumer.text, line=wait.line(consumer)
    )


def forgotten_sender(wait: Wait) -> Finding | None:
    """A send that nobody takes."""
    variable = wait.variable
    if variable is None or wait.place.operation != "send" or variable.kind != "channel":
        return None
    receives, sends = used(variable, "receive", "range"), used(variable, "send")
    if receiving := _stuck_receiver(wait, receives):
        return Finding("forgotten-sender", receiving)
    if not receives:
        if elsewhere(variable):
            return Finding("forgotten-sender", wait.not_followed(variable))
        return Finding("forgotten-sender", wait.say("nothing ever receives from {name}", name=wait.name(variable)))
    return (
        _semaphore(wait, variable, receives)
        or _sent_before(wait, variable, receives, sends)
        or Finding("forgotten-sender", _not_received(wait, variable, receives, sends), _buffer_advice(wait, variable))
    )


def _semaphore(wait: Wait, variable: Variable, receives: list[Operation]) -> Finding | None:
    """A channel of slots: whoever sends on it takes a value out himself when he is done."""
    own = [
        site
        for site in receives
        if site.line > wait.place.line
        and (wait.stands_in(site) is not None or (site.deferred and wait.comes_to([site])))
    ]
    if variable.buffer == 0 or len(own) != len(receives) or not any(site.conditional or site.exits for site in own):
        return None
    exits = sorted({line for site in own for line in site.exits if line > wait.place.line})
    why = wait.say(
        "all places of {name} are taken, and a way through the function skips the receive at {lines} that frees one",
        name=_short(wait, variable),
        lines=wait.lines(own),
    )
    if exits:
        why = wait.say(
            "all places of {name} are taken, and line {exit} leaves without the receive at {lines} that frees one",
            name=_short(wait, variable),
            lines=wait.lines(own),
            exit=exits[0],
        )
    advice = wait.say(
        "`{code}` right after the send, in place of the receive at {lines}, frees it on every way.",
        code=f"defer func() {{ <-{wait.place.expression} }}()",
        lines=wait.lines(own),
    )
    return Finding("forgotten-sender", why, advice)


def _sent_before(wait: Wait, variable: Variable, receives: list[Operation], sends: list[Operation]) -> Finding | None:
    """The function went on after it had sent already, and only one value is taken."""
    same_function = [site for site in sends if wait.stands_in(site) is not None and site.line != wait.place.line]
    once = len(receives) == 1 and not (receives[0].loop or receives[0].kind == "range")
    if not once or _leaves_between(wait, same_function) or not any(site.conditional for site in same_function):
        return None
    why = wait.say(
        "the send at line {line} was done already, and {name} is received from only once (line {receive})",
        line=wait.line(same_function[0]),
        name=_short(wait, variable),
        receive=wait.line(receives[0]),
    )
    advice = wait.say("After the send at line {line} the function should `return`.", line=wait.line(same_function[0]))
    return Finding("forgotten-sender", why, advice)


def _not_received(wait: Wait, variable: Variable, receives: list[Operation], sends: list[Operation]) -> str:
    receive = receives[0]
    name = _short(wait, variable)
    single = len(receives) == 1 and receive.kind != "range" and receive.once
    lone = variable.sent == "one"
    if receive.kind == "range":
        return _loop_ended(wait, receive)
    if receive.loop and not receive.once:
        return wait.say(
            "the loop that receives at line {line} takes no more from {name}", name=name, line=wait.line(receive)
        )
    if receive.select > 1:
        line: int | str = wait.line(receive)
        if receive.file == wait.place.file:
            line = receive.select_line
        if single and (lone or not _shared(sends)) and not receive.exits:
            return wait.say(
                "the `select` at line {line} that receives from {name} has taken another case and gone",
                name=name,
                line=line,
            )
        return wait.say(
            "the `select` at line {line} receives from {name} no more",
            name=name,
            line=line,
        )
    if single and wait.place.loop is not None and not wait.place.each_round:
        return wait.say(
            "{name} is received from only once (line {line}), and the loop sends on", name=name, line=wait.line(receive)
        )
    if single and _shared(sends) and not receive.exits:
        return wait.say(
            "{name} is received from only once (line {line}), and there are more senders",
            name=name,
            line=wait.line(receive),
        )
    if single and lone:
        return wait.say("the receive from {name} at line {line} was never reached", name=name, line=wait.line(receive))
    return wait.say("nobody comes to the receive from {name} at line {line} for it", name=name, line=wait.line(receive))


def _shared(sends: list[Operation]) -> bool:
    """Whether several goroutines may send on one channel."""
    return len({site.body for site in sends}) > 1 or any(site.repeated for site in sends)


def _leaves_between(wait: Wait, earlier: list[Operation]) -> bool:
    """Whether the function returns after one of the earlier sends, before it comes to the one that waits."""
    exits = (
        {line for site in wait.variable.sites("send") if site.line == wait.place.line for line in site.exits}
        if wait.variable
        else set()
    )
    return any(site.line <= line < wait.place.line for site in earlier for line in exits)


def _buffer_advice(wait: Wait, variable: Variable) -> str:
    made = variable.sites("make")
    if not made or variable.buffer != 0 or not variable.sent:
        return ""
    if variable.sent == "one":
        return wait.say("With a buffer for the value (line {line}) the send never waits.", line=wait.line(made[0]))
    return wait.say("With a buffer for every sender's value (line {line}) no send waits.", line=wait.line(made[0]))
