"""Patterns of goroutines that wait to send, and whom nobody hears.

That a value was taken elsewhere is said only where the receive is one of this very channel: what another goroutine of the
same function does with its own tells nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.channels import concerns, elsewhere, is_many, short, skipped_release, stuck, used
from jupyter_goleak.patterns.wait import Finding, Wait


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
    if receiving := _stuck_receiver(wait, variable, ranges):
        return Finding(pattern, receiving)
    advice = wait.say(
        "Let the consumer tell that it goes: a `done` channel or a context, and a `select` around the send."
    )
    return Finding(pattern, _loop_ended(wait, consumer), advice)


def _stuck_receiver(wait: Wait, variable: Variable, receives: Sequence[Operation]) -> str:
    """That who should take its value waits, too; "" where that is not known."""
    within = [site for site in receives if _is_within(wait, site)]
    for site in within:
        if _is_itself(wait, variable, site):
            return wait.say(
                "who takes its values, in `{text}` (line {site}), is that goroutine itself",
                text=site.text,
                site=wait.line(site),
            )
    if len(within) == 1 and wait.leak.count > 1 and not within[0].exits:
        return _received_by_its_like(wait, variable, within[0], used(variable, "receive", "range"))
    if not (blocked := stuck(wait, variable, receives)):
        return ""
    other, site = blocked
    return wait.say(
        "who takes its values in `{text}` (line {site}) waits at line {line}",
        text=site.text,
        site=wait.line(site),
        line=wait.line(other.place),
    )


def _is_within(wait: Wait, site: Operation) -> bool:
    """Whether the goroutine stands in the loop that receives, or has put the receive off until the function ends."""
    line = wait.stands_in(site)
    if site.kind == "range":
        return line is not None and site.line < line <= site.end_line
    if not site.deferred:
        return False
    lines = [line] if line is not None else [call.line for call in wait.place.stack if call.body == site.deferrer]
    return any(site.end_line < line for line in lines)


def _is_itself(wait: Wait, variable: Variable, site: Operation) -> bool:
    """Whether it receives there from the channel that it waits to send on."""
    same = site.body == wait.place.stack[0].body and site.expression == wait.place.expression
    if site.kind == "range":
        return same or (not site.shared and not is_many(variable))
    # Of several places in a semaphore it may hold only one.
    alone = variable.buffer == 1 or not wait.stuck([site])
    return alone and not site.shared and not is_many(variable)


def _received_by_its_like(wait: Wait, variable: Variable, loop: Operation, receives: list[Operation]) -> str:
    """Each such goroutine receives what another one sends; the last one sends to somebody else, if to anybody."""
    values: dict[str, object] = {"name": short(wait, variable), "text": loop.text, "line": wait.line(loop)}
    if others := [site for site in receives if site is not loop]:
        return wait.say(
            "{name} is received from only in `{text}` (line {line}), by goroutines of this same function, which wait themselves, and at {lines}, where no more is taken",
            **values,
            lines=wait.lines(others),
        )
    return wait.say(
        "{name} is received from only in `{text}` (line {line}), by goroutines of this same function, which wait themselves",
        **values,
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
    if wait.place.skips and variable.buffer != 0:
        return skipped_release(wait, variable, "forgotten-sender")
    if receiving := _stuck_receiver(wait, variable, receives):
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
        name=short(wait, variable),
        lines=wait.lines(own),
    )
    if exits:
        why = wait.say(
            "all places of {name} are taken, and line {exit} leaves without the receive at {lines} that frees one",
            name=short(wait, variable),
            lines=wait.lines(own),
            exit=exits[0],
        )
    return Finding("forgotten-sender", why, _freeing_advice(wait, own, exits))


def _freeing_advice(wait: Wait, own: list[Operation], exits: list[int]) -> str:
    """To free the place on every way: at the function's end, or where something there may need it, before leaving."""
    if all(site.deferrable and site.body == own[0].body for site in own) and wait.place.loop is None:
        return wait.say(
            "`{code}` right after the send, in place of the receive at {lines}, frees it on every way.",
            code=f"defer func() {{ <-{wait.place.expression} }}()",
            lines=wait.lines(own),
        )
    if len(own) > 1 or not exits:
        return ""
    return wait.say("Call `{code}` before leaving at {lines}.", code=own[0].text, lines=wait.numbered(exits))


def _sent_before(wait: Wait, variable: Variable, receives: list[Operation], sends: list[Operation]) -> Finding | None:
    """The function went on after it had sent already, and only one value is taken."""
    same_function = [site for site in sends if wait.stands_in(site) is not None and site.line != wait.place.line]
    once = len(receives) == 1 and receives[0].kind != "range" and (receives[0].once or not receives[0].loop)
    if (
        not once
        or not concerns(variable, receives[0])
        or _leaves_between(wait, same_function)
        or not any(site.conditional for site in same_function)
    ):
        return None
    why = wait.say(
        "the send at line {line} was done already, and {name} is received from only once (line {receive})",
        line=wait.line(same_function[0]),
        name=short(wait, variable),
        receive=wait.line(receives[0]),
    )
    advice = wait.say("After the send at line {line} the function should `return`.", line=wait.line(same_function[0]))
    return Finding("forgotten-sender", why, advice)


def _not_received(wait: Wait, variable: Variable, receives: list[Operation], sends: list[Operation]) -> str:
    receive = receives[0]
    name = short(wait, variable)
    single = len(receives) == 1 and receive.kind != "range" and receive.once and concerns(variable, receive)
    lone = variable.sent == "one"
    if receive.kind == "range":
        return _loop_ended(wait, receive)
    if len({(site.file, site.line) for site in receives}) > 1:
        return wait.say(
            "at {lines}, where {name} is received from, no more is taken", name=name, lines=wait.lines(receives)
        )
    if receive.loop and not receive.once:
        return wait.say(
            "the loop that receives at line {line} takes no more from {name}", name=name, line=wait.line(receive)
        )
    if receive.select > 1:
        line: int | str = wait.line(receive)
        if receive.file == wait.place.file:
            line = receive.select_line
        if single and (lone or not _may_be_more(sends)) and not receive.exits:
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


def _may_be_more(sends: list[Operation]) -> bool:
    """Whether another value may have been sent before."""
    return _shared(sends) or len(sends) > 1 or any(site.loop or site.often for site in sends)


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
