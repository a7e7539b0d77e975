"""The pattern of goroutines that wait for a condition, and are not woken for it."""

from __future__ import annotations

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import Finding, Wait


def cond(wait: Wait) -> Finding | None:
    """A condition whose signal came too early, or woke somebody else."""
    variable = wait.variable
    if variable is None or variable.kind != "cond" or wait.place.operation != "wait":
        return None
    signals, broadcasts = (variable.sites(kind, f"{kind}-call") for kind in ("signal", "broadcast"))
    name = wait.name(variable)
    if "Mutex" in wait.leak.state:
        return Finding("unknown", wait.say("it was signalled, and the lock of {name} is not free", name=name))
    if not signals and not broadcasts:
        return Finding("cond-lost-signal", wait.say("nothing signals {name}", name=name))
    if wait.place.silent:
        change = wait.place.silent[0]
        why = wait.say(
            "line {line} changes what it waits for (`{code}`), and does not wake who waits for {name}",
            line=wait.line(change),
            code=change.text,
            name=name,
        )
        return Finding("cond-lost-signal", why, wait.say("A `Broadcast` there lets it look again."))
    if wait.place.loop is not None and wait.place.loop.kind == "condition" and wait.place.forever:
        why = wait.say(
            "an endless loop comes back to it, and {name} is signalled only at {lines}, where nothing comes any more",
            name=name,
            lines=wait.lines((*signals, *broadcasts)),
        )
        advice = wait.say("Let the loop ask for an end, too, that is told with `Broadcast` when no more will come.")
        return Finding("worker-without-stop", why, advice)
    if signals and wait.place.taken and not _waits_elsewhere(wait, variable):
        why = wait.say(
            "{name} is signalled only at {lines}, where nothing comes any more, and each who is woken takes what it waits for (`{code}`, line {line})",
            name=name,
            lines=wait.lines((*signals, *broadcasts)),
            code=wait.place.taken[0].text,
            line=wait.line(wait.place.taken[0]),
        )
        advice = wait.say("Let the loop ask for an end, too, that is told with `Broadcast` when no more will come.")
        return Finding("cond-lost-signal", why, advice)
    waits = variable.sites("wait")
    alone = len(waits) == 1 and not (waits[0].often or waits[0].repeated)
    if signals and wait.place.loop is not None and not alone:
        why = wait.say("`Signal` at {lines} wakes one waiter of {name} only", lines=wait.lines(signals), name=name)
        if elsewhere := _waits_elsewhere(wait, variable):
            why = wait.say(
                "`Signal` at {lines} wakes one waiter of {name} only, and that may be one at {elsewhere}, who waits for something else",
                lines=wait.lines(signals),
                name=name,
                elsewhere=wait.lines(elsewhere),
            )
        return Finding("cond-lost-signal", why, wait.say("`Broadcast` wakes them all."))
    if wait.place.loop is not None and wait.place.loop.kind == "condition":
        why = wait.say(
            "{name} is signalled only at {lines}, and that did not come, or `{text}` went on waiting then",
            name=name,
            lines=wait.lines((*signals, *broadcasts)),
            text=wait.place.loop.text,
        )
        return Finding(
            "cond-lost-signal", why, wait.say("Let the loop ask for all that may end the wait, a failure too.")
        )
    lines = wait.lines((*signals, *broadcasts))
    if signals and not alone:
        why = wait.say(
            "{name} is signalled only at {lines}, and that did not come, or came before this wait began, or woke another: a signal is not kept, and wakes one only",
            name=name,
            lines=lines,
        )
        advice = wait.say(
            "Wait in a loop on what the signal tells, `for !ready {{ cond.Wait() }}`, and wake them all with `Broadcast`."
        )
        return Finding("cond-lost-signal", why, advice)
    why = wait.say(
        "{name} is signalled only at {lines}, and that did not come, or came before this wait began: a signal is not kept",
        name=name,
        lines=lines,
    )
    return Finding(
        "cond-lost-signal", why, wait.say("Wait in a loop on what the signal tells: `for !ready {{ cond.Wait() }}`.")
    )


def _waits_elsewhere(wait: Wait, condition: Variable) -> list[Operation]:
    """Where others wait for the condition, for something else that may come true."""
    here = (wait.place.file, wait.place.line)
    return [site for site in condition.sites("wait") if (site.file, site.line) != here]
