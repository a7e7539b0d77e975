"""Who may yet wake a goroutine that waits: a timer, a deadline, a signal, or another goroutine that is still at work.

What one of these may wake is no leak, however long it has stood still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jupyter_goleak.facts import Facts, Operation, Variable
from jupyter_goleak.patterns.wait import Wait
from jupyter_goleak.stack_dump import package_of, short_function

_SERVES = {
    "receive": ("send", "close"),
    "range": ("send", "close"),
    "send": ("receive", "range"),
    "lock": ("unlock", "runlock", "unlock-call", "runlock-call", "unlock-value", "runlock-value"),
    "rlock": ("unlock", "unlock-call", "unlock-value"),
}
_WAITED_FOR = {
    "waitgroup": ("done", "done-call", "done-value", "go"),
    "cond": ("signal", "signal-call", "signal-value", "broadcast", "broadcast-call", "broadcast-value"),
}
_FREES = ("unlock", "runlock")
_DEADLINES = ("setdeadline", "setreaddeadline", "setwritedeadline")
_ENDS = ("pipe", "connection")
_CLOSES = ("close", "closewitherror")

_CLIENT = ("net/http.(*persistConn).readLoop", "net/http.(*persistConn).writeLoop")

# Where a library waits for its caller's own peer, which a rule of its own tells about.
_PIPE = ("io.(*pipe).", "io.(*PipeReader).", "io.(*PipeWriter).")
_CONNECTION = "net.(*pipe)."
_PEERS = (*_PIPE, _CONNECTION, *_CLIENT)
_PLUMBING = (
    *("runtime.", "internal/", "sync.runtime_"),
    *("sync.(*Mutex).", "sync.(*RWMutex).", "sync.(*WaitGroup).", "sync.(*Cond)."),
)

# States in which it waits for another goroutine.
BLOCKED = ("chan", "select", "sync.", "semacquire", "coroutine")


def channels(wait: Wait) -> Iterator[Variable]:
    """The channels that the goroutine receives from: in its receive, or in the cases of its select."""
    if wait.place.operation in ("receive", "range") and wait.variable is not None:
        yield wait.variable
    for case, variable in wait.case_variables():
        if case.operation == "receive":
            yield variable


def owner(wait: Wait, variable: Variable, via: str) -> Variable | None:
    """What the variable is reached through in that way: the timer of a `C`, the context of a `Done`."""
    found = wait.at(variable.owner) if variable.via == via else None
    # Other things have a field of that name.
    return None if found is not None and via == "Done" and found.kind != "context" else found


def stops(wait: Wait, clock: Variable) -> list[Operation]:
    """Where the timer or ticker was stopped and not surely set again, as far as the text tells.

    Not by a deferred call of a function that still runs, nor below the line where the goroutine waits itself, nor where
    another one is yet to come. Unless it is proven that none of them runs, not where that may be passed by either, where it
    may be set again, or another one made in its place.
    """
    proven = wait.leak.evidence == "proven"
    running = (wait, *wait.others)
    others = [other for other in wait.others if other.leak is not wait.leak]
    resets = resets_of(wait, clock)

    def ahead(site: Operation) -> bool:
        if wait.stands_in(site) is not None:
            return _is_below(wait, site)
        return not proven and site.body in wait.place.ahead

    remade = {site.body for site in clock.sites("make") if site.again and not ahead(site)}

    def lasts(stop: Operation) -> bool:
        if proven:
            return not any(leads_to(stop, reset) for reset in resets)
        line = wait.stands_in(stop)
        certain = stop.certain or (line is not None and stop.line < line <= stop.branch_end)
        return certain and stop.body not in remade and not resets

    return [
        site
        for site in clock.sites("stop")
        if not (site.deferred and any(other.stands_in(site) is not None for other in running))
        and not ahead(site)
        and not any(other.is_ahead(site) for other in others)
        and lasts(site)
    ]


def resets_of(wait: Wait, clock: Variable) -> list[Operation]:
    """Where the timer or ticker may have been set again."""
    return [site for site in clock.sites("reset") if not (site.uncalled or _is_below(wait, site))]


def leads_to(first: Operation, then: Operation) -> bool:
    """Whether whoever has done the first comes to the other one after it, as far as the text tells."""
    left = any(first.line < line for line in then.exits)
    straight = then.branch_line <= first.line and not (left or then.deferred) and (first.loop or not then.loop)
    return first.body == then.body and first.line <= then.line and straight


def _is_below(wait: Wait, site: Operation) -> bool:
    """Whether it stands in the function of these goroutines, below the line where they wait."""
    return wait.stands_in(site) is not None and site.line > wait.place.line


def will_be_woken(wait: Wait) -> str:
    """What outside of the program's goroutines may yet wake it: a running timer, a deadline, a signal; "" if nothing."""
    return next(filter(None, map(_outside, wait.possible(ended=True))), "")


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
    timed = [site for site in serving(wait) if site.timed and not _taken_first(wait, site)]
    if timed:
        return wait.say("a timer may yet come to line {line}", line=wait.line(timed[0]))
    limits = [site for end in _ends(wait) for site in end.sites(*_DEADLINES)]
    if limits:
        return wait.say("the deadline of line {line} may yet come", line=wait.line(limits[0]))
    return ""


def lineage(wait: Wait, context: Variable) -> list[Variable]:
    """The context and those that it ends with: its parents, up to one that lets no end through.

    A context of the program's own is the channel that its `Done` gives.
    """
    return _derived_from(wait, context, lambda each: not cuts(each))


def cuts(context: Variable) -> list[Operation]:
    """Where the context was made without the end of its parent."""
    return [site for site in context.sites("make") if site.text.startswith("context.WithoutCancel(")]


def _derived_from(wait: Wait, variable: Variable, further: Callable[[Variable], bool]) -> list[Variable]:
    """The variable and, where `further` says so, what it was derived from, and so on, each once."""
    found = [variable]
    for each in found:
        parents = (wait.facts.variables[index] for index in each.parents if further(each))
        found += (parent for parent in parents if not any(parent is known for known in found))
    return found


def _has_deadline(wait: Wait, context: Variable) -> bool:
    made = (site.text for each in lineage(wait, context) for site in each.sites("make"))
    return any(name in text for text in made for name in ("WithTimeout", "WithDeadline", "NotifyContext"))


def will_be_served(wait: Wait) -> str:
    """Whether a goroutine that is still at work, or a library, may yet do what this one waits for; "" if not."""
    living = [other for other in wait.others if other.leak is not wait.leak and other.leak.evidence == "alive"]
    for each in wait.possible(ended=True):
        sites = list(serving(each))
        if living and _is_out_of_sight(each):
            return wait.say("what is still at work may yet wake it")
        for other in living:
            able = [site for site in sites if _may_do(each, other, site)]
            if other.comes_to(able) or _called_by(_library(other), able, wait.facts):
                return wait.say("what is still at work may yet wake it")
    functions = [frame.function for frame in wait.leak.stack]
    if functions and functions[-1].startswith(_CLIENT) and any(map(_reads_body, living)):
        return wait.say("somebody is reading the body of the response")
    if any(function.startswith(_PEERS) for function in functions):
        # Who answers a library at the other end may stand in that library, too, as a server of net/rpc does.
        own = wait.leak.go_line is None and not functions[-1].startswith(_CLIENT)
        if own and any(package_of(functions[-1]) in _library(other) for other in living):
            return wait.say("what is still at work may yet wake it")
        return ""
    inner = _inside(wait)
    if inner or _of_library(wait):
        library = _library(wait)
        if any(_library(other) & library for other in living if not other.leak.state.startswith(BLOCKED)):
            return wait.say("what is still at work may yet wake it")
    if inner and wait.leak.state == "select":
        # Such a select has its own reasons to go on, a timer among them; what is beyond reach is proven anyway.
        return wait.say(
            "`{function}` waits there, and only that library knows what for", function=short_function(inner)
        )
    return ""


def _is_out_of_sight(wait: Wait) -> bool:
    """Whether what it waits for is known to more than the text tells."""
    variables = [variable for _, variable in _needs(wait) if variable is not None]
    variables += [owner for variable in variables if (owner := wait.at(variable.owner)) is not None]
    variables += [wait.facts.variables[index] for end in _ends(wait) for index in end.siblings]
    return any(variable.unknown for variable in variables)


def _called_by(libraries: frozenset[str], sites: list[Operation], facts: Facts) -> bool:
    """Whether one of the libraries may yet call a function that comes to one of the operations."""
    bodies = frozenset().union(*(facts.given.get(library, ()) for library in libraries))
    return any(site.body in bodies or bodies.intersection(site.tasks) for site in sites)


def _may_do(wait: Wait, other: Wait, site: Operation) -> bool:
    """Whether the other one can do it. Whose function first takes the lock, or the place in the semaphore, that the waiting
    one wants has to hold it already, or it will queue up behind; who wants to write stands before all who want to read."""
    taken = _taken_first(wait, site)
    if not taken:
        return True
    if site.kind in _FREES:
        before = wait.place.operation == "rlock" and other.place.operation == "lock" and other.variable is wait.variable
        return before or any(lock is wait.variable for lock in other.held())
    line = other.stands_in(site)
    return line is not None and any(take.line < line for take in taken)


def _taken_first(wait: Wait, site: Operation) -> list[Operation]:
    """Where its function does above it what the waiting one is about to do."""
    if wait.variable is None or site.select:
        return []
    takes = ("lock", "rlock") if site.kind in _FREES else ("send",) if site.kind == "receive" else ()
    return [take for take in wait.variable.sites(*takes) if take.body == site.body and take.line <= site.line]


def _needs(wait: Wait) -> list[tuple[str, Variable | None]]:
    cases = [(case.operation, variable) for case, variable in wait.case_variables()]
    return [(wait.place.operation, wait.variable), *cases]


def serving(wait: Wait) -> Iterator[Operation]:
    """All that would let it go on."""
    if wait.leak.state == "coroutine":
        for index in wait.facts.resources:
            if any(site.text.startswith("iter.Pull") for site in wait.facts.variables[index].sites("make")):
                yield from wait.facts.variables[index].sites("call")
    for operation, variable in _needs(wait):
        if variable is None:
            continue
        yield from variable.sites(*_SERVES.get(operation, ()))
        context = owner(wait, variable, "Done")
        if context is not None:
            yield from _cancelling(wait, context)
        if variable.kind in _WAITED_FOR and operation == "wait":
            yield from variable.sites(*_WAITED_FOR[variable.kind])
            if variable.kind == "cond" and "Mutex" in wait.leak.state and variable.lock is not None:
                # It was signalled, and takes its lock again.
                yield from wait.facts.variables[variable.lock].sites(*_FREES)
        ends = _ends_beneath(wait, variable)
        if not ends and operation not in _SERVES and variable.kind in ("value", "once"):
            yield from (site for site in variable.operations if site.kind not in ("make", "result"))
    for end in _ends(wait):
        yield from end.sites(*_CLOSES)
        yield from _siblings(wait, end)


def _cancelling(wait: Wait, context: Variable) -> Iterator[Operation]:
    for each in lineage(wait, context):
        if each.kind == "channel":
            yield from each.sites("send", "close")
            continue
        cancel = wait.at(each.cancel)
        yield from cancel.sites("call") if cancel is not None else _siblings(wait, each)


def _ends(wait: Wait) -> list[Variable]:
    """The ends of pipes and connections that it waits at; where the text does not tell which, all that are of that kind."""
    found = [end for _, variable in _needs(wait) if variable is not None for end in _ends_beneath(wait, variable)]
    function = wait.leak.stack[0].function if wait.leak.stack else ""
    kind = "pipe" if function.startswith(_PIPE) else "connection" if function.startswith(_CONNECTION) else ""
    return found or [variable for variable in wait.facts.variables if variable.kind == kind]


def _ends_beneath(wait: Wait, variable: Variable) -> list[Variable]:
    """The ends of pipes and connections that it reads from or writes to: itself, or what a scanner or the like stands on."""
    return [each for each in _derived_from(wait, variable, lambda each: each.kind == "value") if each.kind in _ENDS]


def _siblings(wait: Wait, variable: Variable) -> Iterator[Operation]:
    """What is done with the other results of the same call: the other end of a pipe, the group of a context."""
    found = [wait.facts.variables[index] for index in variable.siblings]
    for each in found:
        yield from each.operations
        derived = (wait.facts.variables[index] for index in each.derived)
        found += (one for one in derived if not any(one is known for known in found))


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
