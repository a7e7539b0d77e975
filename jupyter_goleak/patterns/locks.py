"""Patterns of goroutines that wait for a lock, a WaitGroup or a condition."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Copy, Operation, Variable
from jupyter_goleak.patterns.wait import Finding, Wait
from jupyter_goleak.patterns.waking import serving

LOCKING = ("lock", "rlock")
_CHANNELS = ("send", "receive", "range", "select")


def relock(wait: Wait) -> Finding | None:
    """It waits for a lock that it holds itself."""
    variable = wait.variable
    if variable is None or wait.place.operation not in LOCKING or not wait.place.same:
        return None
    first = wait.took(variable)
    if not first:
        return None
    here = first[0].body == wait.place.stack[0].body
    reads_first = all(site.kind == "rlock" for site in first)
    at, name = wait.lines(first[:1]), wait.name(variable)
    if wait.place.operation == "rlock" and reads_first:
        why = wait.say(
            "since {lines} it already reads {name}, and a writer that waits in between lets no second reader in",
            name=name,
            lines=at,
        )
        return Finding("rwmutex-recursive-read", why, wait.say("Take the read lock once, and pass on what was read."))
    if variable.kind == "rwmutex" and reads_first:
        why = wait.say(
            "since {lines} it holds {name} for reading, and a read lock cannot be upgraded", name=name, lines=at
        )
        return Finding("rwmutex-upgrade", why, _upgrade_advice(wait, first[0]))
    why = wait.say("since {lines} it holds {name} itself, and a mutex knows no owner", name=name, lines=at)
    if here and first[0].expression != wait.place.expression:
        return Finding("mutex-relock", why, wait.say("Where both are one value, take it only once."))
    return Finding("mutex-relock", why, wait.say("Release it before the call, or call a variant that expects it held."))


def _upgrade_advice(wait: Wait, read: Operation) -> str:
    if read.body != wait.place.stack[0].body:
        return wait.say("Let nothing come to `Lock` before the read lock is given back: do that afterwards.")
    variable = wait.variable
    again = [site for site in variable.sites("runlock") if wait.is_ahead(site)] if variable is not None else []
    if not again:
        return wait.say("Call `RUnlock` before `Lock`, then look again.")
    return wait.say(
        "Call `RUnlock` before `Lock`, then look again; the `RUnlock` at {lines} must not come after that.",
        lines=wait.lines(again),
    )


def deferred_lock(wait: Wait) -> Finding | None:
    """`defer mu.Lock()`, where the end of the function should release the lock."""
    variable = wait.variable
    if variable is None or wait.place.operation not in LOCKING:
        return None
    slips = [site for site in variable.sites(*LOCKING) if site.deferred]
    if not slips:
        return None
    why = wait.say(
        "{lines} defers a lock of {name}, not its release", lines=wait.lines(slips), name=wait.name(variable)
    )
    return Finding("mutex-missing-unlock", why, wait.say("Write `Unlock` there."))


def lock_order(wait: Wait) -> Finding | None:
    """It holds one lock and waits for another, which another goroutine takes in the other order."""
    wanted = wait.variable
    if wanted is None or wait.place.operation not in LOCKING or not wait.place.holding:
        return None
    for other in wait.others:
        if other.leak is wait.leak or other.variable in (None, wanted):
            continue
        if wanted in other.held() and other.variable in wait.held():
            why = wait.say(
                "it holds `{held}`, and who holds {wanted} waits for `{held}` at line {line}: two locks, in two orders",
                held=_apart(other.variable, wanted),
                wanted=f"`{_apart(wanted, other.variable)}`",
                line=wait.line(other.place),
            )
            return Finding("lock-order", why, wait.say("Take the locks in one order everywhere."))
    alike = [other for other in wait.others if other.variable is wanted and wanted in other.held()]
    if wanted not in wait.held() or sum(other.leak.count for other in alike) < 2:
        return None
    if all(other.place.apart for other in alike):
        why = wait.say.count(
            "it holds `{name}` of one {value} and waits for that of another, as others do",
            "each holds `{name}` of one {value} and waits for that of another",
            wait.leak.count,
            name=wanted.name,
            value=_value(wait, wanted),
        )
        return Finding("lock-order", why, wait.say("Take the locks in one order everywhere."))
    if wait.place.apart:
        return None
    why = wait.say.count(
        "it holds `{name}` of one {value} and waits for that of another, or of the same",
        "each holds `{name}` of one {value} and waits for that of another, or of the same",
        wait.leak.count,
        name=wanted.name,
        value=_value(wait, wanted),
    )
    advice = wait.say("Take such locks in one order everywhere, and where both are one value, only once.")
    return Finding("lock-order", why, advice)


def _value(wait: Wait, lock: Variable) -> str:
    """What has the lock, by its type where that has a name."""
    return f"`{lock.struct}`" if lock.struct else wait.say("value")


def _apart(lock: Variable, other: Variable) -> str:
    """The lock's name, with that of its struct where the other one is called the same."""
    return f"{lock.struct}.{lock.name}" if lock.name == other.name and lock.struct else lock.name


def send_while_locked(wait: Wait) -> Finding | None:
    """It waits for a channel and holds a lock that the other side needs; or it is that other side."""
    if wait.place.operation in _CHANNELS:
        for lock in wait.held():
            for other in wait.others:
                if other.variable is lock and other.place.operation in LOCKING and other.comes_to(serving(wait)):
                    why = wait.say(
                        "it holds `{lock}` meanwhile, and who would serve it waits for `{lock}` at line {line}",
                        lock=lock.name,
                        line=wait.line(other.place),
                    )
                    return Finding("send-while-locked", why, _release_advice(wait, lock))
    if wait.place.operation in LOCKING and wait.variable is not None:
        for other in wait.others:
            if wait.variable in other.held() and other.variable is not wait.variable:
                why = wait.say(
                    "who holds `{lock}` waits in `{statement}` at line {line}",
                    lock=wait.variable.name,
                    statement=other.place.statement,
                    line=wait.line(other.place),
                )
                if other.place.operation in LOCKING:
                    return None
                needs = other.place.operation in _CHANNELS or ((stuck := _stuck(other)) and stuck[0].leak is wait.leak)
                advice = _release_advice(other, wait.variable, line=wait.line(other.place)) if needs else ""
                return Finding("send-while-locked" if other.place.operation in _CHANNELS else "unknown", why, advice)
    return None


def _release_advice(holder: Wait, lock: Variable, line: int | str = "") -> str:
    """To release the lock before the wait in the line, or before the holder's own; and what is then due after it."""
    values = {"lock": lock.name, "line": line}
    if any(holder.is_ahead(site) for site in lock.sites("unlock", "runlock")):
        if line:
            return holder.say("Release `{lock}` before line {line}, and take it again after that.", **values)
        return holder.say("Release `{lock}` before it, and take it again after that.", **values)
    if line:
        return holder.say("Release `{lock}` before line {line}.", **values)
    return holder.say("Release `{lock}` before it.", **values)


def once(wait: Wait) -> Finding | None:
    """It waits until the function that a Once runs has returned; that function comes to the Once again, or waits, too."""
    variable = wait.variable
    if variable is None or variable.kind != "once":
        return None
    name = wait.name(variable)
    if wait.runs(variable) and wait.leak.count > 1:
        why = wait.say("one of them is inside the function that {name} runs, and waits for that to return", name=name)
        return Finding("once-within-itself", why, wait.say("That function must not come to `Do` again."))
    if wait.runs(variable):
        why = wait.say("it is inside the function that {name} runs, and waits for that to return", name=name)
        return Finding("once-within-itself", why, wait.say("That function must not come to `Do` again."))
    runner = next((other for other in wait.others if other.runs(variable)), None)
    if runner is None:
        return None
    why = wait.say(
        "{name} lets nobody pass before its function has returned, and that waits at line {line}",
        name=name,
        line=wait.line(runner.place),
    )
    return Finding("once-not-returned", why)


def waitgroup(wait: Wait) -> Finding | None:
    """A WaitGroup whose count never comes down to zero."""
    variable = wait.variable
    if variable is None or variable.kind != "waitgroup" or wait.place.operation != "wait":
        return None
    dones, tasks, adds = _dones(variable), variable.sites("go"), variable.sites("add")
    own = [site for site in variable.sites("wait") if site.line == wait.place.line]
    name = wait.name(variable)
    if own and own[0].loop and any(site.loop for site in adds):
        why = wait.say(
            "it waits inside the loop that starts the goroutines: the first round waits for rounds that never begin"
        )
        return Finding("waitgroup-wait-in-loop", why, wait.say("Move `Wait` behind the loop."))
    if own and own[0].loop and adds:
        why = wait.say(
            "{name} counts {adds} for all rounds, and the first round waits for them all",
            name=name,
            adds=wait.lines(adds),
        )
        return Finding("waitgroup-wait-in-loop", why, wait.say("Move `Wait` behind the loop."))
    if copied := variable.sites("copied"):
        why = wait.say(
            "line {line} hands on a copy of {name} and what is done with that does not count here",
            name=name,
            line=wait.line(copied[0]),
        )
        advice = wait.say("Pass its address: `&{name}`.", name=copied[0].expression)
        return Finding("waitgroup-missing-done", why, advice)
    if strayed := _on_a_copy(wait, dones, own):
        return strayed
    own = [site for site in dones if site.deferred and wait.stands_in(site) is not None]
    if own:
        why = wait.say(
            "it waits for its own `Done`, too, which {lines} puts off until after the wait", lines=wait.lines(own)
        )
        return Finding("waitgroup-missing-done", why)
    if blocked := _stuck(wait):
        other, site = blocked
        lock = other.variable
        if lock in wait.held() and other.place.operation in LOCKING:
            why = wait.say(
                "it holds `{lock}` meanwhile, and who would serve it waits for `{lock}` at line {line}",
                lock=lock.name,
                line=wait.line(other.place),
            )
            return Finding("waitgroup-missing-done", why, _release_advice(wait, lock))
        if site.kind == "go":
            why = wait.say(
                "what {lines} started waits at line {line}", lines=wait.lines([site]), line=wait.line(other.place)
            )
        else:
            why = wait.say(
                "who should call `Done` ({lines}) waits at line {line}",
                lines=wait.lines([site]),
                line=wait.line(other.place),
            )
        return Finding("waitgroup-missing-done", why, wait.say("It ends with them."))
    if variable.unknown:
        return None
    if not dones:
        if tasks:
            return None
        why = wait.say("nothing calls `Done` on {name}", name=name)
    elif any(site.conditional or site.exits for site in dones):
        why = wait.say("there is a way past the `Done` at {lines} of {name}", name=name, lines=wait.lines(dones))
    elif all(site.deferred for site in dones):
        why = wait.say("more is added at {adds} to {name} than is ever done", name=name, adds=wait.lines(adds))
        return Finding("waitgroup-missing-done", why)
    else:
        why = wait.say(
            "{name} counts more at {adds} than come to the `Done` at {lines}",
            name=name,
            adds=wait.lines(adds),
            lines=wait.lines(dones),
        )
    return Finding("waitgroup-missing-done", why, _done_advice(wait, dones))


def _on_a_copy(wait: Wait, dones: Sequence[Operation], waits: Sequence[Operation]) -> Finding | None:
    """One side works on a copy of the struct that has the WaitGroup, so that it and the other do not meet."""
    here = waits[0].copy if waits else None
    strayed = next((site for site in dones if site.copy is not None and site.copy != here), None)
    if strayed is not None and strayed.copy is not None:
        at = strayed.copy
        why = wait.say(
            "`{function}` (line {line}) works on a copy of the `{type}`, and its `Done` at line {done} does not count here",
            function=at.function,
            line=wait.line(at),
            type=at.type,
            done=wait.line(strayed),
        )
    elif here is not None and not any(site.copy == here for site in dones):
        at = here
        why = wait.say(
            "`{function}` (line {line}) works on a copy of the `{type}`, and a `Done` of the other one does not count here",
            function=at.function,
            line=wait.line(at),
            type=at.type,
        )
    else:
        return None
    return Finding("waitgroup-missing-done", why, pointer_advice(wait, at))


def pointer_advice(wait: Wait, copy: Copy) -> str:
    """To hand the struct on as a pointer."""
    if copy.receiver:
        return wait.say("Give it a pointer receiver: `*{type}`.", type=copy.type)
    return wait.say("Let it take a pointer: `*{type}`.", type=copy.type)


def _dones(group: Variable) -> Sequence[Operation]:
    # Where a method was handed on counts only while nothing is seen to call it.
    return group.sites("done", "done-call" if group.sites("done-call") else "done-value")


def _stuck(wait: Wait) -> tuple[Wait, Operation] | None:
    """Who should take its part off the count of the WaitGroup, and waits itself; and where it would."""
    if wait.variable is None or wait.variable.kind != "waitgroup":
        return None
    return wait.stuck((*_dones(wait.variable), *wait.variable.sites("go")))


def _done_advice(wait: Wait, dones: Sequence[Operation]) -> str:
    if not dones:
        return wait.say(
            "`defer {name}.Done()` as the goroutine's first statement is never skipped.", name=wait.place.expression
        )
    first = dones[0]
    if all(site.deferrable and site.body == first.body and site.expression == first.expression for site in dones):
        return wait.say(
            "`defer {name}.Done()` as the goroutine's first statement, in place of the `Done` at {lines}, is never skipped.",
            name=first.expression,
            lines=wait.lines(dones),
        )
    # What is done at several places may have been done before a way out, and what is counted there after it.
    counted = wait.variable is not None and any(site.body == first.body for site in wait.variable.sites("add"))
    if len(dones) > 1 or counted or not first.exits or first.loop or not first.outer:
        return ""
    lines = wait.numbered(first.exits)
    return wait.say("Call `{code}` before leaving at {lines}.", code=f"{first.expression}.Done()", lines=lines)


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
    if signals and wait.place.taken and _waits_alone(wait, variable):
        why = wait.say(
            "{name} is signalled only at {lines}, where nothing comes any more, and each who is woken takes what it waits for (`{code}`, line {line})",
            name=name,
            lines=wait.lines((*signals, *broadcasts)),
            code=wait.place.taken[0].text,
            line=wait.line(wait.place.taken[0]),
        )
        advice = wait.say("Let the loop ask for an end, too, that is told with `Broadcast` when no more will come.")
        return Finding("cond-lost-signal", why, advice)
    if signals and wait.place.loop is not None:
        why = wait.say("`Signal` at {lines} wakes one waiter of {name} only", lines=wait.lines(signals), name=name)
        return Finding("cond-lost-signal", why, wait.say("`Broadcast` wakes them all."))
    if wait.place.loop is not None and wait.place.loop.kind == "condition":
        why = wait.say(
            "{name} is signalled only at {lines}, and that did not come, or `{text}` went on waiting then",
            name=name,
            lines=wait.lines(broadcasts),
            text=wait.place.loop.text,
        )
        return Finding(
            "cond-lost-signal", why, wait.say("Let the loop ask for all that may end the wait, a failure too.")
        )
    why = wait.say(
        "{name} is signalled only at {lines}, and that did not come, or came before this wait began: a signal is not kept",
        name=name,
        lines=wait.lines((*signals, *broadcasts)),
    )
    return Finding(
        "cond-lost-signal", why, wait.say("Wait in a loop on what the signal tells: `for !ready {{ cond.Wait() }}`.")
    )


def _waits_alone(wait: Wait, condition: Variable) -> bool:
    """Whether nobody waits for the condition elsewhere, for something else that may come true."""
    return all((site.file, site.line) == (wait.place.file, wait.place.line) for site in condition.sites("wait"))
