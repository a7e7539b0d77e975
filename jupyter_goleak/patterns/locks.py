"""Patterns of goroutines that wait for a lock or a WaitGroup."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Copy, Operation, Variable
from jupyter_goleak.patterns.wait import A_LITERAL_IN, Finding, Wait
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
                if other.place.statement:
                    why = wait.say(
                        "who holds `{lock}` waits in `{statement}` at line {line}",
                        lock=wait.variable.name,
                        statement=other.place.statement,
                        line=wait.line(other.place),
                    )
                else:
                    why = wait.say(
                        "who holds {name} waits at line {line}",
                        name=f"`{wait.variable.name}`",
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
    dones, tasks, adds = _calls(variable, "done"), variable.sites("go"), _calls(variable, "add")
    own = [site for site in variable.sites("wait") if site.line == wait.place.line]
    name = wait.name(variable)
    here = [site for site in adds if own and site.body == own[0].body]
    if own and own[0].loop and any(site.loop and _in_its_loop(wait, site) for site in here):
        why = wait.say(
            "it waits inside the loop that starts the goroutines: the first round waits for rounds that never begin"
        )
        return Finding("waitgroup-wait-in-loop", why, wait.say("Move `Wait` behind the loop."))
    if own and own[0].loop and here and not any(site.loop for site in here):
        why = wait.say(
            "{name} counts {adds} for all rounds, and the first round waits for them all",
            name=name,
            adds=wait.lines(here),
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
    if own and not _made_by_itself(wait, variable):
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
    elif not adds:
        return None
    elif skipping := [site for site in adds if site.exits]:
        exits = sorted({line for site in skipping for line in site.exits})
        why = wait.say.count(
            "{name} is counted up at {adds}, and the way out at {exits} starts nobody who would count it down",
            "{name} is counted up at {adds}, and the ways out at {exits} start nobody who would count it down",
            len(exits),
            name=name,
            adds=wait.lines(skipping),
            exits=wait.numbered(exits),
        )
        advice = wait.say("Call `{code}` right before the `go` statement.", code=skipping[0].text)
        return Finding("waitgroup-missing-done", why, advice)
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


def _in_its_loop(wait: Wait, site: Operation) -> bool:
    """Whether the operation stands in the loop in which they wait."""
    return wait.place.loop is not None and wait.place.loop.line <= site.line and wait.place.line <= site.last_line


def _made_by_itself(wait: Wait, group: Variable) -> bool:
    """Whether the call that waits has made the WaitGroup, so that the calls around it have to do with other ones."""
    literal = wait.place.function.startswith(A_LITERAL_IN)
    return group.scope == "local" and wait.place.expression == group.name and not literal


def _on_a_copy(wait: Wait, dones: Sequence[Operation], waits: Sequence[Operation]) -> Finding | None:
    """One side works on a copy of the struct that has the WaitGroup, so that it and the other do not meet."""
    here = waits[0].copy if waits else None
    strayed = next((site for site in dones if site.copy is not None and site.copy != here), None)
    if strayed is not None and strayed.copy is not None:
        at = strayed.copy
        if not at.function:
            why = wait.say(
                "`{code}` at line {done} is done on a copy: the loop variable of line {line} is no element itself, but a `{type}` of its own",
                code=strayed.text,
                done=wait.line(strayed),
                line=wait.line(at),
                type=at.type,
            )
            advice = wait.say("Range over the indices, and call it on the element.")
            return Finding("waitgroup-missing-done", why, advice)
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


def _calls(group: Variable, method: str) -> Sequence[Operation]:
    # Where a method was handed on counts only while nothing is seen to call it.
    return group.sites(method, f"{method}-call" if group.sites(f"{method}-call") else f"{method}-value")


def _stuck(wait: Wait) -> tuple[Wait, Operation] | None:
    """Who should take its part off the count of the WaitGroup, and waits itself; and where it would."""
    if wait.variable is None or wait.variable.kind != "waitgroup":
        return None
    return wait.stuck((*_calls(wait.variable, "done"), *wait.variable.sites("go")))


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
