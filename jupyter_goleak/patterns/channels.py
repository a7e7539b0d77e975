"""Patterns of goroutines that wait on a channel: receivers nobody serves, senders nobody hears."""

from __future__ import annotations

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import A_LITERAL_IN, Finding, Wait


def nil_channel(wait: Wait) -> Finding | None:
    """A channel that was declared and never made."""
    variable = wait.variable
    nil = variable is not None and variable.nil
    if not nil and "nil chan" not in wait.leak.state:
        return None
    if wait.place.expression.endswith(".Done()"):
        return None  # the context of an uncancellable context has a nil channel; its own rule says so
    name = wait.name(variable) if variable else f"`{wait.place.expression or '?'}`"
    why = wait.say("{name} is never made, and a nil channel never lets anyone pass", name=name)
    advice = wait.say("Make it with `make(chan …)` before it is used.")
    return Finding("nil-channel", why, advice)


def held_by_global(wait: Wait) -> Finding | None:
    """Unproven, because a global variable keeps the channel within reach."""
    variable = wait.variable
    if wait.leak.evidence == "proven" or variable is None:
        return None
    owner = wait.at(variable.owner)
    keeper = variable if variable.global_ else owner if owner is not None and owner.global_ else None
    if keeper is None:
        return None
    name = wait.name(variable)
    if variable is keeper:
        why = wait.say(
            "{name} is a global variable: anyone could still use it, which keeps the runtime from a proof, but nobody did",
            name=name,
        )
    else:
        why = wait.say(
            "{name} stands in the global `{keeper}`: anyone could still use it, but nobody did",
            name=name,
            keeper=keeper.name,
        )
    return Finding("held-by-global", why, _close_advice(wait, variable))


def abandoned_receiver(wait: Wait) -> Finding | None:
    """A range or receive on a channel that gets no more values and is never closed."""
    variable = wait.variable
    if variable is None or wait.place.operation not in ("range", "receive") or variable.kind != "channel":
        return None
    sends = [site for site in variable.sites("send") if not site.uncalled]
    closes = [site for site in variable.sites("close") if not site.uncalled]
    name = wait.name(variable)
    if closes:
        return _closed_elsewhere(wait, "abandoned-receiver", name, closes)
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


def _closed_elsewhere(wait: Wait, pattern: str, name: str, closes: list[Operation]) -> Finding:
    """A channel that the text closes, and nothing came to do so."""
    why = wait.say("{name} is closed only at {lines}, and that close never came", name=name, lines=wait.lines(closes))
    way = wait.say("See to it that `{function}` gets there on every way.", function=closes[0].function)
    return Finding(pattern, why, "" if closes[0].function.startswith(A_LITERAL_IN) else way)


def _close_advice(wait: Wait, variable: Variable) -> str:
    if variable.close_after:
        return wait.ends(variable.close_after.code, wait.line(variable.close_after))
    if wait.place.operation == "range":
        return wait.say("Whoever sends the last value should close the channel: `close({name})`.", name=variable.name)
    return ""


def abandoned_generator(wait: Wait) -> Finding | None:
    """A sender in a loop whose consumer left its own loop early."""
    variable = wait.variable
    if variable is None or wait.place.operation != "send" or wait.place.loop is None:
        return None
    ranges = [site for site in variable.sites("range") if not site.uncalled]
    if not ranges:
        return None
    consumer = ranges[0]
    why = wait.say(
        "the loop `{text}` (line {line}) that took its values was left before the last one",
        text=consumer.text,
        line=wait.line(consumer),
    )
    producer_closes = bool(variable.sites("close"))
    advice = wait.say(
        "Let the consumer tell that it goes: a `done` channel or a context, and a `select` around the send."
    )
    pattern = (
        "forgotten-sender" if producer_closes and consumer.function == wait.place.function else "abandoned-generator"
    )
    return Finding(pattern, why, advice)


def forgotten_sender(wait: Wait) -> Finding | None:
    """A send that nobody takes."""
    variable = wait.variable
    if variable is None or wait.place.operation != "send" or variable.kind != "channel":
        return None
    receives = [site for site in variable.sites("receive", "range") if not site.uncalled]
    sends = [site for site in variable.sites("send") if not site.uncalled]
    name = f"`{variable.name or wait.place.expression}`"
    if not receives:
        return Finding("forgotten-sender", wait.say("nothing ever receives from {name}", name=wait.name(variable)))
    receive = receives[0]
    same_function = [site for site in sends if site.function == wait.place.function and site.line != wait.place.line]
    again = not any(site.loop or site.kind == "range" for site in receives) and not _leaves_between(wait, same_function)
    if again and any(site.conditional for site in same_function):
        why = wait.say(
            "the send at line {line} was done already, and {name} is received from only once (line {receive})",
            line=wait.line(same_function[0]),
            name=name,
            receive=wait.line(receive),
        )
        advice = wait.say(
            "After the send at line {line} the function should `return`.", line=wait.line(same_function[0])
        )
        return Finding("forgotten-sender", why, advice)
    if receive.select > 1:
        why = wait.say(
            "the `select` at line {line} that receives from {name} has taken another case and gone",
            name=name,
            line=wait.line(receive),
        )
    elif wait.leak.count > 1 and not (receive.loop or receive.kind == "range"):
        why = wait.say(
            "{name} is received from only once (line {line}), and there are more senders",
            name=name,
            line=wait.line(receive),
        )
    elif receive.loop or receive.kind == "range":
        why = wait.say(
            "the loop at line {line} that receives from {name} was left early", name=name, line=wait.line(receive)
        )
    else:
        why = wait.say("the receive from {name} at line {line} was never reached", name=name, line=wait.line(receive))
    return Finding("forgotten-sender", why, _buffer_advice(wait, variable))


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
    if not made or wait.place.loop is not None:
        return ""
    if len(made) == 1 and variable.buffer == 0 and wait.leak.count == 1:
        return wait.say("With a buffer for the value (line {line}) the send never waits.", line=wait.line(made[0]))
    return wait.say("With a buffer for every sender's value (line {line}) no send waits.", line=wait.line(made[0]))


def select_channels(wait: Wait) -> Finding | None:
    """A select none of whose channels anyone still serves."""
    if wait.place.operation != "select" or not wait.place.cases:
        return None
    parts = []
    for case, variable in wait.case_variables():
        closes = [site for site in variable.sites("close") if not site.uncalled]
        if case.operation == "receive" and closes:
            return _closed_elsewhere(wait, "worker-without-stop", f"`{variable.name}`", closes)
        if case.operation == "receive" and not variable.sites("close") and variable.name:
            parts.append(wait.say("`{name}` (line {line}) is never closed", name=variable.name, line=case.line))
        elif case.operation == "send" and variable.name:
            parts.append(wait.say("nobody receives from `{name}` (line {line})", name=variable.name, line=case.line))
    why = wait.say(", and ").join(parts) or wait.say("nobody serves any of its channels any more")
    return Finding(
        "worker-without-stop",
        why,
        wait.say("Give it a case that ends it: a `done` channel that is closed, or a context."),
    )


def empty_select(wait: Wait) -> Finding | None:
    """`select {}` waits for nothing, for ever."""
    if "no cases" not in wait.leak.state:
        return None
    why = wait.say("a `select` without cases never ends")
    return Finding("empty-select", why, wait.say("Wait for something that ends it: a `done` channel, or a context."))
