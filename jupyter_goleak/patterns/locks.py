"""Patterns of goroutines that wait for a lock, a WaitGroup or a condition."""

from __future__ import annotations

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import Finding, Wait

_LOCKING = ("lock", "rlock")
_HELD = ("lock", "rlock", "trylock", "tryrlock")


def relock(wait: Wait) -> Finding | None:
    """It waits for a lock that it holds itself."""
    variable = wait.variable
    if variable is None or wait.place.operation not in _LOCKING or variable not in wait.held():
        return None
    if _two_instances(wait, variable):
        return None
    first = [site for site in variable.sites("lock", "rlock") if site.line != wait.place.line]
    reads_first = bool(first) and all(
        site.kind == "rlock" for site in first if site.function == _holder(wait, variable)
    )
    at = wait.lines(first[:1]) if first else ""
    name = wait.name(variable)
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
        return Finding("rwmutex-upgrade", why, wait.say("Call `RUnlock` before `Lock`, then look again."))
    why = wait.say("since {lines} it holds {name} itself, and a mutex knows no owner", name=name, lines=at)
    return Finding("mutex-relock", why, wait.say("Release it before the call, or call a variant that expects it held."))


def _holder(wait: Wait, variable: Variable) -> str:
    """The function that took the lock first: the caller where there is one, else the waiting function."""
    others = [site.function for site in variable.sites("lock", "rlock") if site.function != wait.place.function]
    own = [site for site in variable.sites("lock", "rlock") if site.function == wait.place.function]
    return wait.place.function if len(own) > 1 or not others else _caller(wait, others)


def _caller(wait: Wait, functions: list[str]) -> str:
    names = [frame.function for frame in wait.leak.stack]
    return next((each for each in functions if any(name.endswith(each.lstrip("(*")) for name in names)), functions[0])


def _two_instances(wait: Wait, variable: Variable) -> bool:
    """Whether the two locks are the same field of two different values."""
    own = [site for site in variable.sites(*_LOCKING) if site.function == wait.place.function]
    return len({site.expression for site in own}) > 1


def lock_order(wait: Wait) -> Finding | None:
    """It holds one lock and waits for another, which another goroutine takes in the other order."""
    wanted = wait.variable
    if wanted is None or wait.place.operation not in _LOCKING or not wait.place.holding:
        return None
    for other in wait.others:
        if other.leak is wait.leak or other.variable in (None, wanted):
            continue
        if wanted in other.held() and other.variable in wait.held():
            why = wait.say(
                "it holds `{held}`, and who holds {wanted} waits for `{held}` at line {line}: two locks, in two orders",
                held=other.variable.name,
                wanted=f"`{wanted.name}`",
                line=wait.line(other.place),
            )
            return Finding("lock-order", why, wait.say("Take the locks in one order everywhere."))
    if wanted in wait.held():
        why = wait.say(
            "it holds `{name}` of one value and waits for that of another, which is taken the other way round",
            name=wanted.name,
        )
        return Finding("lock-order", why, wait.say("Take the locks in one order everywhere."))
    return None


def send_while_locked(wait: Wait) -> Finding | None:
    """It waits for a channel and holds a lock that the other side needs; or it is that other side."""
    if wait.place.operation in ("send", "receive", "range", "select"):
        for lock in wait.held():
            for other in wait.others:
                if other.variable is lock and other.place.operation in _LOCKING:
                    why = wait.say(
                        "it holds `{lock}` meanwhile, and who would serve it waits for `{lock}` at line {line}",
                        lock=lock.name,
                        line=wait.line(other.place),
                    )
                    return Finding("send-while-locked", why, wait.say("Release `{lock}` before it.", lock=lock.name))
    if wait.place.operation in _LOCKING and wait.variable is not None:
        for other in wait.others:
            if wait.variable in other.held() and other.place.operation in ("send", "receive", "range", "select"):
                why = wait.say(
                    "who holds `{lock}` waits in `{statement}` at line {line}",
                    lock=wait.variable.name,
                    statement=other.place.statement,
                    line=wait.line(other.place),
                )
                return Finding(
                    "send-while-locked",
                    why,
                    wait.say(
                        "Release `{lock}` before line {line}.", lock=wait.variable.name, line=wait.line(other.place)
                    ),
                )
    return None


def missing_unlock(wait: Wait) -> Finding | None:
    """A lock that somebody left locked."""
    variable = wait.variable
    if variable is None or wait.place.operation not in _LOCKING:
        return None
    left = variable.sites("return-locked", "end-locked")
    name = wait.name(variable)
    if left:
        why = wait.say("the function ends at {lines} with {name} still locked", lines=wait.lines(left), name=name)
        return Finding("mutex-missing-unlock", why, _unlock_advice(wait, variable, left[0]))
    readers = [
        other
        for other in wait.others
        if other.leak is not wait.leak and variable in other.held() and other.variable is variable
    ]
    if readers:
        why = wait.say("who holds {name} waits at line {line}", name=name, line=wait.line(readers[0].place))
        pattern = next((f.pattern for other in readers if (f := relock(other))), "unknown")
        return Finding(pattern, why)
    unlocks = variable.sites("unlock", "runlock")
    if not unlocks:
        return Finding("mutex-missing-unlock", wait.say("{name} is never unlocked", name=name))
    own = [site for site in unlocks if site.function == wait.place.function]
    if wait.place.loop is not None and own and not any(site.loop for site in own):
        why = wait.say(
            "the loop `{text}` takes it in every round, and it is given back only at {lines}",
            text=wait.place.loop.text,
            lines=wait.lines(own),
        )
        return Finding("mutex-missing-unlock", why, wait.say("Release it at the end of every round."))
    if all(not site.deferred for site in unlocks):
        why = wait.say(
            "{name} was locked and the unlock at {lines} was not reached: a panic passes it by",
            name=name,
            lines=wait.lines(unlocks),
        )
        return Finding("mutex-missing-unlock", why, _unlock_advice(wait, variable, unlocks[0]))
    return None


def _unlock_advice(wait: Wait, variable: Variable, at: Operation) -> str:
    taken = {site.kind for site in variable.sites("lock", "rlock") if site.function == at.function}
    code = f"defer {variable.name}.{'RUnlock' if taken == {'rlock'} else 'Unlock'}()"
    return wait.say("`{code}` right after the lock ends it on every way out.", code=code)


def once(wait: Wait) -> Finding | None:
    """It waits until the function that a Once runs has returned; that function comes to the Once again, or waits, too."""
    variable = wait.variable
    if variable is None or variable.kind != "once":
        return None
    name = wait.name(variable)
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
    dones = variable.sites("done")
    adds = variable.sites("add")
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
    stuck = [
        other
        for other in wait.others
        if other.leak is not wait.leak and any(site.function == other.place.function for site in dones)
    ]
    if stuck:
        why = wait.say(
            "who should call `Done` ({lines}) waits at line {line}",
            lines=wait.lines(dones),
            line=wait.line(stuck[0].place),
        )
        return Finding("waitgroup-missing-done", why, wait.say("It ends with them."))
    if not dones:
        why = wait.say("nothing calls `Done` on {name}", name=name)
    elif any(site.conditional or not site.deferred for site in dones):
        why = wait.say(
            "a way through the goroutine passes by the `Done` at {lines} of {name}", name=name, lines=wait.lines(dones)
        )
    else:
        why = wait.say("more is added at {adds} to {name} than is ever done", name=name, adds=wait.lines(adds))
    return Finding(
        "waitgroup-missing-done",
        why,
        wait.say("`defer {name}.Done()` as the goroutine's first statement is never passed by.", name=variable.name),
    )


def cond(wait: Wait) -> Finding | None:
    """A condition whose signal came too early, or woke somebody else."""
    variable = wait.variable
    if variable is None or variable.kind != "cond" or wait.place.operation != "wait":
        return None
    signals, broadcasts = variable.sites("signal"), variable.sites("broadcast")
    name = wait.name(variable)
    if not signals and not broadcasts:
        return Finding("cond-lost-signal", wait.say("nothing signals {name}", name=name))
    if wait.place.loop is not None and wait.place.loop.kind == "condition" and wait.place.forever:
        why = wait.say(
            "an endless loop comes back to it, and {name} is signalled only at {lines}, where nothing comes any more",
            name=name,
            lines=wait.lines((*signals, *broadcasts)),
        )
        advice = wait.say("Let the loop ask for an end, too, that is told with `Broadcast` when no more will come.")
        return Finding("worker-without-stop", why, advice)
    if signals and wait.place.loop is not None:
        why = wait.say("`Signal` at {lines} wakes one waiter of {name} only", lines=wait.lines(signals), name=name)
        return Finding("cond-lost-signal", why, wait.say("`Broadcast` wakes them all."))
    if wait.place.loop is not None and wait.place.loop.kind == "condition":
        why = wait.say(
            "{name} was signalled at {lines}, and what `{text}` asks for was not true even then",
            name=name,
            lines=wait.lines(broadcasts),
            text=wait.place.loop.text,
        )
        return Finding(
            "cond-lost-signal", why, wait.say("Let the loop ask for all that may end the wait, a failure too.")
        )
    why = wait.say(
        "{name} was signalled at {lines}, before it began to wait, and a signal is not kept",
        name=name,
        lines=wait.lines((*signals, *broadcasts)),
    )
    return Finding(
        "cond-lost-signal", why, wait.say("Wait in a loop on what the signal tells: `for !ready {{ cond.Wait() }}`.")
    )
