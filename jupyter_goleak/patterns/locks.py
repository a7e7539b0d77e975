"""Patterns of goroutines that wait for a lock, a WaitGroup or a condition."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import Finding, Wait
from jupyter_goleak.patterns.waking import serving

_LOCKING = ("lock", "rlock")
_CHANNELS = ("send", "receive", "range", "select")


def relock(wait: Wait) -> Finding | None:
    """It waits for a lock that it holds itself."""
    variable = wait.variable
    if variable is None or wait.place.operation not in _LOCKING or not wait.place.same:
        return None
    # Where the goroutine stands, it came by one of these.
    first = [
        site for site in variable.sites(*_LOCKING) if wait.stands_in(site) is not None and site.line != wait.place.line
    ]
    if not first:
        return None
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
        return Finding("rwmutex-upgrade", why, wait.say("Call `RUnlock` before `Lock`, then look again."))
    why = wait.say("since {lines} it holds {name} itself, and a mutex knows no owner", name=name, lines=at)
    return Finding("mutex-relock", why, wait.say("Release it before the call, or call a variant that expects it held."))


def deferred_lock(wait: Wait) -> Finding | None:
    """`defer mu.Lock()`, where the end of the function should release the lock."""
    variable = wait.variable
    if variable is None or wait.place.operation not in _LOCKING:
        return None
    slips = [site for site in variable.sites(*_LOCKING) if site.deferred]
    if not slips:
        return None
    why = wait.say(
        "{lines} defers a lock of {name}, not its release", lines=wait.lines(slips), name=wait.name(variable)
    )
    return Finding("mutex-missing-unlock", why, wait.say("Write `Unlock` there."))


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
                held=_apart(other.variable, wanted),
                wanted=f"`{_apart(wanted, other.variable)}`",
                line=wait.line(other.place),
            )
            return Finding("lock-order", why, wait.say("Take the locks in one order everywhere."))
    alike = [other for other in wait.others if other.variable is wanted and wanted in other.held()]
    if wanted in wait.held() and sum(other.leak.count for other in alike) > 1:
        why = wait.say(
            "it holds `{name}` of one value and waits for that of another, which is taken the other way round",
            name=wanted.name,
        )
        return Finding("lock-order", why, wait.say("Take the locks in one order everywhere."))
    return None


def _apart(lock: Variable, other: Variable) -> str:
    """The lock's name, with that of its struct where the other one is called the same."""
    return f"{lock.struct}.{lock.name}" if lock.name == other.name and lock.struct else lock.name


def send_while_locked(wait: Wait) -> Finding | None:
    """It waits for a channel and holds a lock that the other side needs; or it is that other side."""
    if wait.place.operation in _CHANNELS:
        for lock in wait.held():
            for other in wait.others:
                if other.variable is lock and other.place.operation in _LOCKING and other.comes_to(serving(wait)):
                    why = wait.say(
                        "it holds `{lock}` meanwhile, and who would serve it waits for `{lock}` at line {line}",
                        lock=lock.name,
                        line=wait.line(other.place),
                    )
                    return Finding("send-while-locked", why, wait.say("Release `{lock}` before it.", lock=lock.name))
    if wait.place.operation in _LOCKING and wait.variable is not None:
        for other in wait.others:
            if wait.variable in other.held() and other.variable is not wait.variable:
                why = wait.say(
                    "who holds `{lock}` waits in `{statement}` at line {line}",
                    lock=wait.variable.name,
                    statement=other.place.statement,
                    line=wait.line(other.place),
                )
                if other.place.operation not in _CHANNELS:
                    return None if other.place.operation in _LOCKING else Finding("unknown", why)
                advice = wait.say(
                    "Release `{lock}` before line {line}.", lock=wait.variable.name, line=wait.line(other.place)
                )
                return Finding("send-while-locked", why, advice)
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
    holders = [other for other in wait.others if other.leak is not wait.leak and variable in other.held()]
    if holders:
        why = wait.say("who holds {name} waits at line {line}", name=name, line=wait.line(holders[0].place))
        pattern = next((f.pattern for other in holders if (f := relock(other) or lock_order(other))), "unknown")
        return Finding(pattern, why)
    handed = variable.sites("unlock-value", "runlock-value")
    if handed:
        why = wait.say(
            "the release of {name} is handed on at {lines} to be called later, and that call never came",
            name=name,
            lines=wait.lines(handed),
        )
        return Finding("mutex-missing-unlock", why)
    unlocks = variable.sites("unlock", "runlock", "unlock-call", "runlock-call")
    if not unlocks:
        return Finding("mutex-missing-unlock", wait.say("{name} is never unlocked", name=name))
    own = [site for site in unlocks if wait.stands_in(site) is not None]
    if wait.place.loop is not None and own and not any(site.loop for site in own):
        why = wait.say(
            "the loop `{text}` takes it in every round, and it is given back only at {lines}",
            text=wait.place.loop.text,
            lines=wait.lines(own),
        )
        return Finding("mutex-missing-unlock", why, wait.say("Release it at the end of every round."))
    if any(site.conditional or site.loop or site.exits for site in unlocks) and not any(s.deferred for s in unlocks):
        why = wait.say(
            "who locked {name} did not come to the unlock at {lines}: there is a way past it",
            name=name,
            lines=wait.lines(unlocks),
        )
        return Finding("mutex-missing-unlock", why)
    if all(not site.deferred for site in unlocks):
        why = wait.say(
            "who locked {name} did not come to the unlock at {lines}: a panic passes it by",
            name=name,
            lines=wait.lines(unlocks),
        )
        return Finding("mutex-missing-unlock", why, _unlock_advice(wait, variable, unlocks[0]))
    if variable in wait.held():
        taken = [site for site in variable.sites(*_LOCKING) if wait.stands_in(site) and site.line != wait.place.line]
        if taken:
            why = wait.say(
                "since {lines} it holds {name} of this value or of another", lines=wait.lines(taken), name=name
            )
            return Finding("unknown", why)
    return None


def _unlock_advice(wait: Wait, variable: Variable, at: Operation) -> str:
    taken = [site for site in variable.sites("lock", "rlock") if site.body == at.body]
    if len(taken) != 1 or taken[0].loop:
        return ""
    code = f"defer {taken[0].expression}.{'RUnlock' if taken[0].kind == 'rlock' else 'Unlock'}()"
    plain = [site for site in variable.sites("unlock", "runlock") if site.body == at.body]
    if not plain:
        return wait.say("`{code}` right after the lock ends it on every way out.", code=code)
    return wait.say(
        "`{code}` right after the lock, in place of the unlock at {lines}, ends it on every way out.",
        code=code,
        lines=wait.lines(plain),
    )


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
    # Where a method was handed on counts only while nothing is seen to call it.
    dones = variable.sites("done", "done-call" if variable.sites("done-call") else "done-value")
    tasks, adds = variable.sites("go"), variable.sites("add")
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
    own = [site for site in dones if site.deferred and wait.stands_in(site) is not None]
    if own:
        why = wait.say(
            "it waits for its own `Done`, too, which {lines} puts off until after the wait", lines=wait.lines(own)
        )
        return Finding("waitgroup-missing-done", why)
    if blocked := wait.stuck((*dones, *tasks)):
        other, site = blocked
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


def _done_advice(wait: Wait, dones: Sequence[Operation]) -> str:
    if not dones:
        return wait.say(
            "`defer {name}.Done()` as the goroutine's first statement is never skipped.", name=wait.place.expression
        )
    return wait.say(
        "`defer {name}.Done()` as the goroutine's first statement, in place of the `Done` at {lines}, is never skipped.",
        name=dones[0].expression,
        lines=wait.lines(dones),
    )


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
