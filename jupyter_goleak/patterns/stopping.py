"""Patterns of goroutines that should be told to stop and are not: methods never called, contexts, timers, iterators."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_goleak.facts import Method, Variable
from jupyter_goleak.patterns.wait import A_LITERAL_IN, Finding, Wait, plain_function


def _channels(wait: Wait) -> Iterator[Variable]:
    """The channels that the goroutine receives from: in its receive, or in the cases of its select."""
    if wait.place.operation in ("receive", "range") and wait.variable is not None:
        yield wait.variable
    for case, variable in wait.case_variables():
        if case.operation == "receive":
            yield variable


def _owner(wait: Wait, variable: Variable, via: str) -> Variable | None:
    return wait.at(variable.owner) if variable.via == via else None


def _contexts(wait: Wait) -> list[Variable]:
    """The contexts whose `Done` it waits for."""
    found = (_owner(wait, channel, "Done") for channel in _channels(wait))
    return [context for context in found if context is not None]


def _methods(wait: Wait) -> list[Method]:
    """The methods such as Stop of the types whose fields it waits for."""
    variables = [variable for variable in (wait.variable, *(pair[1] for pair in wait.case_variables())) if variable]
    return [method for variable in variables for method in variable.methods]


def worker_without_stop(wait: Wait) -> Finding | None:
    """The type has a method that ends its goroutine, and nobody calls it."""
    methods = _methods(wait)
    if not methods or any(method.called for method in methods):
        return None
    method = methods[0]
    why = wait.say(
        "`{type}` has a method `{method}` (line {line}) that would end it, and nothing calls it",
        type=method.type,
        method=method.name,
        line=wait.line(method),
    )
    advice = wait.say("Call `{method}` when the work is done: `defer x.{method}()`.", method=method.name)
    return Finding("worker-without-stop", why, advice)


def context_never_cancelled(wait: Wait) -> Finding | None:
    """It waits for a context whose cancel function nobody calls."""
    for context in _contexts(wait):
        cancel = wait.at(context.cancel)
        if cancel is None:
            continue
        calls = [site for site in cancel.sites("call") if not site.uncalled]
        name = context.name or "ctx"
        if cancel.sites("discard") or not cancel.name or cancel.name == "_":
            why = wait.say(
                "the cancel function of `{name}` (line {line}) is thrown away",
                name=name,
                line=wait.line(cancel if cancel.line else context),
            )
        elif not calls:
            why = wait.say(
                "`{cancel}` (line {line}), which would end `{name}`, is never called",
                cancel=cancel.name,
                line=wait.line(cancel),
                name=name,
            )
        else:
            why = wait.say(
                "`{cancel}` is called only at {lines}, and that call never came",
                cancel=cancel.name,
                lines=wait.lines(calls),
            )
        methods = [method for method in _methods(wait) if not method.called]
        if methods:
            advice = wait.say(
                "Call `{method}` (line {line}), which ends it.", method=methods[0].name, line=wait.line(methods[0])
            )
        else:
            ending = cancel.name if cancel.name.isidentifier() and cancel.name != "_" else "cancel"
            advice = wait.say("`defer {cancel}()` right after it is made ends it.", cancel=ending)
        return Finding("context-never-cancelled", why, advice)
    return None


def context_of_library(wait: Wait) -> Finding | None:
    """It waits for a context that a library made, such as that of an errgroup, and whose end only the library knows."""
    for context in _contexts(wait):
        made = context.sites("result")
        if context.cancel is not None or not made:
            continue
        why = wait.say(
            "`{code}` (line {line}) made `{name}`, and nothing has ended it",
            code=made[0].text,
            line=wait.line(made[0]),
            name=context.name or "ctx",
        )
        grouped = "errgroup.WithContext" in made[0].text
        advice = (
            wait.say("An errgroup's context ends when its `Wait` returns, or with the first error.") if grouped else ""
        )
        return Finding("context-never-cancelled", why, advice)
    return None


def background_done(wait: Wait) -> Finding | None:
    """It waits for the end of a context that has none."""
    for context in _contexts(wait):
        if context.cancel is None and not context.parents and not context.unknown:
            why = wait.say(
                "`{name}` is never cancelled: a background context has no end",
                name=context.name or "context.Background()",
            )
            return Finding("background-done", why, wait.say("Pass on the caller's context, or make one with a cancel."))
    return None


def stopped_ticker(wait: Wait) -> Finding | None:
    """It reads from a ticker or timer that was stopped; stopping does not close the channel."""
    for channel in _channels(wait):
        clock = _owner(wait, channel, "C")
        if clock is not None and clock.sites("stop"):
            why = wait.say(
                "`{name}` was stopped at {lines}, and a stopped {kind} neither sends nor closes its channel",
                name=clock.name,
                lines=wait.lines(clock.sites("stop")),
                kind=clock.kind,
            )
            advice = wait.say(
                "Select on a `done` channel beside `{name}.C`, and close it where `{name}` is stopped.", name=clock.name
            )
            return Finding("stopped-ticker", why, advice)
    return None


def ticking_forever(wait: Wait) -> Finding | None:
    """It is woken by a ticker again and again, and nothing stops it: it lives, but for ever."""
    for channel in _channels(wait):
        clock = _owner(wait, channel, "C")
        if clock is not None and clock.kind == "ticker" and not clock.sites("stop"):
            why = wait.say(
                "`{name}` (line {line}) ticks for ever, nothing stops it", name=clock.name, line=wait.line(clock)
            )
            advice = wait.say(
                "Stop the ticker and tell the goroutine: select on a `done` channel beside `{name}.C`.", name=clock.name
            )
            return Finding("ticking-forever", why, advice)
    return None


def will_be_woken(wait: Wait) -> str:
    """What outside of the program's goroutines may yet wake it: a running timer, a deadline, a signal; "" if nothing."""
    for channel in _channels(wait):
        clock = _owner(wait, channel, "C")
        if clock is not None and not clock.sites("stop"):
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
        context = _owner(wait, channel, "Done")
        if context is not None and _has_deadline(wait, context):
            return wait.say("the end of `{name}` may yet come by itself", name=context.name or "ctx")
    return ""


def _has_deadline(wait: Wait, context: Variable) -> bool:
    made = context.sites("make")
    if any(name in site.text for site in made for name in ("WithTimeout", "WithDeadline", "NotifyContext")):
        return True
    return any(_has_deadline(wait, parent) for index in context.parents if (parent := wait.at(index)))


_SERVES = {
    "receive": ("send", "close"),
    "range": ("send", "close"),
    "send": ("receive", "range"),
    "lock": ("unlock", "runlock"),
    "rlock": ("unlock",),
    "wait": ("done", "signal", "broadcast"),
}


def will_be_served(wait: Wait) -> bool:
    """Whether a goroutine that is alive is in a function that does what this one waits for."""
    needs = [(wait.place.operation, wait.variable)]
    needs += [(case.operation, variable) for case, variable in wait.case_variables()]
    servers = {
        site.function.removeprefix(A_LITERAL_IN)
        for operation, variable in needs
        if variable is not None
        for site in variable.sites(*_SERVES.get(operation, ()))
    }
    living = [other for other in wait.others if other.leak.evidence == "alive"]
    once = wait.variable if wait.variable is not None and wait.variable.kind == "once" else None
    return any(once is not None and other.runs(once) for other in living) or any(
        plain_function(frame.function) in servers for other in living for frame in other.leak.stack if frame.user
    )


def iter_pull(wait: Wait) -> Finding | None:
    """An iterator that was pulled from and neither finished nor stopped."""
    if wait.leak.state != "coroutine":
        return None
    why = wait.say("`iter.Pull` started it, and neither was it pulled to its end nor was its `stop` called")
    return Finding("iter-pull-unstopped", why, wait.say("`defer stop()` right after `iter.Pull` ends it."))
