"""Who may yet wake a goroutine that waits: a timer, a deadline, a signal, or another goroutine that is still at work.

What one of these may wake is no leak, however long it has stood still.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.wait import Wait
from jupyter_goleak.stack_dump import package_of, short_function

_SERVES = {
    "receive": ("send", "close"),
    "range": ("send", "close"),
    "send": ("receive", "range"),
    "lock": ("unlock", "runlock", "unlock-value", "runlock-value"),
    "rlock": ("unlock", "unlock-value"),
}
_WAITED_FOR = {"waitgroup": ("done", "go"), "cond": ("signal", "broadcast")}
_DEADLINES = ("setdeadline", "setreaddeadline", "setwritedeadline")
_ENDS = ("pipe", "connection")

_CLIENT = ("net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop")

# Where a library waits for its caller's own peer, which a rule of its own tells about.
_PEERS = (
    *("io.(*pipe).", "io.(*PipeReader).", "io.(*PipeWriter).", "net.(*pipe)."),
    *_CLIENT,
)
_PLUMBING = (
    *("runtime.", "internal/", "sync.runtime_"),
    *("sync.(*Mutex).", "sync.(*RWMutex).", "sync.(*WaitGroup).", "sync.(*Cond)."),
)


def channels(wait: Wait) -> Iterator[Variable]:
    """The channels that the goroutine receives from: in its receive, or in the cases of its select."""
    if wait.place.operation in ("receive", "range") and wait.variable is not None:
        yield wait.variable
    for case, variable in wait.case_variables():
        if case.operation == "receive":
            yield variable


def owner(wait: Wait, variable: Variable, via: str) -> Variable | None:
    """What the variable is reached through in that way: the timer of a `C`, the context of a `Done`."""
    return wait.at(variable.owner) if variable.via == via else None


def stops(wait: Wait, clock: Variable) -> list[Operation]:
    """Where the timer or ticker was stopped: not by a deferred call of a function that still runs."""
    running = (wait, *wait.others)
    return [
        site
        for site in clock.sites("stop")
        if not (site.deferred and any(other.stands_in(site) is not None for other in running))
    ]


def will_be_woken(wait: Wait) -> str:
    """What outside of the program's goroutines may yet wake it: a running timer, a deadline, a signal; "" if nothing."""
    return next(filter(None, map(_outside, wait.possible())), "")


def _outside(wait: Wait) -> str:
    for channel in channels(wait):
        clock = owner(wait, channel, "C")
        if clock is not None and not stops(wait, clock):
            return wait.say("`{name}` (line {line}) may yet fire", name=clock.name, line=wait.line(clock))
        notified = [site for site in channel.sites("passed") if "signal.Notify" in site.text]
        if notified:
            return wait.say(
                "`{code}` (line {line}) asks for signals, and one may yet come",
                code=notified[0].text,
                line=wait.line(notified[0]),
            )
        clocked = [site for site in channel.sites("make") if site.text.startswith(("time.After(", "time.Tick("))]
        if clocked:
            return wait.say("`{name}` (line {line}) may yet fire", name=clocked[0].text, line=wait.line(clocked[0]))
        context = owner(wait, channel, "Done")
        if context is not None and _has_deadline(wait, context):
            return wait.say("the end of `{name}` may yet come by itself", name=context.name or "ctx")
    timed = [site for site in _serving(wait) if site.timed]
    if timed:
        return wait.say("a timer may yet come to line {line}", line=wait.line(timed[0]))
    limits = wait.variable.sites(*_DEADLINES) if wait.variable is not None else ()
    if limits:
        return wait.say("the deadline of line {line} may yet come", line=wait.line(limits[0]))
    return ""


def _has_deadline(wait: Wait, context: Variable) -> bool:
    made = context.sites("make")
    if any(name in site.text for site in made for name in ("WithTimeout", "WithDeadline", "NotifyContext")):
        return True
    return any(_has_deadline(wait, parent) for index in context.parents if (parent := wait.at(index)))


def will_be_served(wait: Wait) -> str:
    """Whether a goroutine that is still at work, or a library, may yet do what this one waits for; "" if not."""
    living = [other for other in wait.others if other.leak is not wait.leak and other.leak.evidence == "alive"]
    for each in wait.possible():
        serving, anew = list(_serving(each)), _made_anew(each)
        if any(other.comes_to(serving, anew) for other in living):
            return wait.say("what is still at work may yet wake it")
    functions = [frame.function for frame in wait.leak.stack]
    if functions and functions[-1].startswith(_CLIENT) and any(map(_reads_body, living)):
        return wait.say("somebody is reading the body of the response")
    if any(function.startswith(_PEERS) for function in functions):
        return ""
    if _inside(wait) or _of_library(wait):
        library = _library(wait)
        if any(_library(other) & library for other in living):
            return wait.say("what is still at work may yet wake it")
    inner = _inside(wait)
    if inner and wait.leak.state == "select":
        # Such a select has its own reasons to go on, a timer among them; what is beyond reach is proven anyway.
        return wait.say(
            "`{function}` waits there, and only that library knows what for", function=short_function(inner)
        )
    return ""


def _needs(wait: Wait) -> list[tuple[str, Variable | None]]:
    cases = [(case.operation, variable) for case, variable in wait.case_variables()]
    return [(wait.place.operation, wait.variable), *cases]


def _made_anew(wait: Wait) -> frozenset[int]:
    """The functions that make a value of their own each time."""
    makes = (site for _, variable in _needs(wait) if variable is not None for site in variable.sites("make"))
    return frozenset(site.body for site in makes if site.again)


def _serving(wait: Wait) -> Iterator[Operation]:
    """All that would let it go on."""
    for operation, variable in _needs(wait):
        if variable is None:
            continue
        yield from variable.sites(*_SERVES.get(operation, ()))
        context = owner(wait, variable, "Done")
        if context is not None:
            yield from _cancelling(wait, context)
        if variable.kind in _WAITED_FOR and operation == "wait":
            yield from variable.sites(*_WAITED_FOR[variable.kind])
            if variable.kind == "cond" and "Mutex" in wait.leak.state and "L" in variable.kids:
                # It was signalled, and takes its lock again.
                yield from wait.facts.variables[variable.kids["L"]].sites("unlock", "runlock")
        elif variable.kind in _ENDS:
            yield from _siblings(wait, variable)
        elif operation not in _SERVES and variable.kind in ("value", "once"):
            yield from (site for site in variable.operations if site.kind not in ("make", "result"))


def _cancelling(wait: Wait, context: Variable) -> Iterator[Operation]:
    cancel = wait.at(context.cancel)
    if cancel is not None:
        yield from cancel.sites("call")
    else:
        yield from _siblings(wait, context)
    for parent in context.parents:
        yield from _cancelling(wait, wait.facts.variables[parent])


def _siblings(wait: Wait, variable: Variable) -> Iterator[Operation]:
    """What is done with the other results of the same call: the other end of a pipe, the group of a context."""
    for index in variable.siblings:
        yield from wait.facts.variables[index].operations


def _library(wait: Wait) -> frozenset[str]:
    """The packages of libraries whose functions are under way; of `sync` those that run their callers' code, such as Once."""
    functions = (frame.function for frame in wait.leak.stack if not frame.user)
    return frozenset(package_of(function) for function in functions if not function.startswith(_PLUMBING))


def _reads_body(wait: Wait) -> bool:
    return any(frame.function.startswith("net/http.(*bodyEOFSignal).") for frame in wait.leak.stack)


def _inside(wait: Wait) -> str:
    """The library's function that waits, "" where the user's own code does."""
    inner = next((frame for frame in wait.leak.stack if not frame.function.startswith(_PLUMBING)), None)
    return "" if inner is None or inner.user else inner.function


def _of_library(wait: Wait) -> bool:
    """Whether it waits for the end of a context that a library made, and may end."""
    contexts = (owner(wait, channel, "Done") for channel in channels(wait))
    return any(context is not None and context.cancel is None and context.sites("result") for context in contexts)
