"""Patterns of goroutines that should be told to stop and are not: methods never called, contexts, timers, iterators."""

from __future__ import annotations

import re
from dataclasses import replace

from jupyter_goleak.facts import Method, Operation, Variable
from jupyter_goleak.patterns.channels import is_many
from jupyter_goleak.patterns.wait import NOBODY_CALLS, Finding, Located, Wait
from jupyter_goleak.patterns.waking import channels, cuts, leads_to, lineage, owner, resets_of, stops

_TIMED = re.compile(r"time\.(?:After|Tick)\(|context\.With(?:Timeout|Deadline)")


def _contexts(wait: Wait) -> list[Variable]:
    """The contexts whose `Done` it waits for."""
    found = (owner(wait, channel, "Done") for channel in channels(wait))
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
        if blocked := wait.stuck(calls):
            other, site = blocked
            why = wait.say(
                "who calls `{cancel}` (line {site}) waits at line {line}",
                cancel=cancel.name,
                site=wait.line(site),
                line=wait.line(other.place),
            )
            return Finding("context-never-cancelled", why)
        if cancel.sites("discard") or not cancel.name or cancel.name == "_":
            why = wait.say(
                "the cancel function of `{name}` (line {line}) is thrown away",
                name=name,
                line=wait.line(cancel if cancel.line else context),
            )
        elif not calls and cancel.unknown:
            return Finding("context-never-cancelled", wait.not_followed(cancel))
        elif not calls:
            why = wait.say(
                "`{cancel}` (line {line}), which would end `{name}`, is never called",
                cancel=cancel.name,
                line=wait.line(cancel),
                name=name,
            )
        elif any(site.again for site in cancel.sites("make")) or any(site.shared for site in calls):
            why = wait.say.count(
                "`{cancel}` is called only at {lines}, and for this one it was not",
                "`{cancel}` is called only at {lines}, and for these it was not",
                wait.leak.count,
                cancel=cancel.name,
                lines=wait.lines(calls),
            )
        else:
            why = wait.say(
                "`{cancel}` is called only at {lines}, and that call never came",
                cancel=cancel.name,
                lines=wait.lines(calls),
            )
        advice = _cancel_advice(wait, cancel, calls)
        return Finding("context-never-cancelled", why, advice)
    return None


def _cancel_advice(wait: Wait, cancel: Variable, calls: list[Operation]) -> str:
    methods = [method for method in _methods(wait) if not method.called]
    if methods:
        return wait.say(
            "Call `{method}` (line {line}), which ends it.", method=methods[0].name, line=wait.line(methods[0])
        )
    if not cancel.deferrable:
        # Whoever made it has given it on, or let the goroutine go: deferred there, it would end that at its birth.
        caller = next((site.function for site in calls if not (site.loop or NOBODY_CALLS.match(site.function))), "")
        return wait.say("Call `{function}` when its work is done.", function=caller) if caller else ""
    ending = cancel.name if cancel.name.isidentifier() and cancel.name != "_" else "cancel"
    return wait.say("`defer {cancel}()` right after it is made ends it.", cancel=ending)


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
        if _is_endless(wait, context):
            if cut := cuts(lineage(wait, context)[-1]):
                why = wait.say(
                    "`context.WithoutCancel` at line {line} cut the link, so that the caller's cancel does not reach `{name}`",
                    line=wait.line(cut[0]),
                    name=context.name or "ctx",
                )
            else:
                why = wait.say(
                    "`{name}` is never cancelled: a background context has no end",
                    name=context.name or "context.Background()",
                )
            return Finding("background-done", why, wait.say("Pass on the caller's context, or make one with a cancel."))
    return None


def _is_endless(wait: Wait, context: Variable) -> bool:
    return all(each.cancel is None and not each.unknown and each.kind != "channel" for each in lineage(wait, context))


def time_stands_still(wait: Wait) -> Finding | None:
    """It waits for a moment that does not come: its synctest bubble has no time any more."""
    if not wait.leak.timeless:
        return None
    clocks = (owner(wait, channel, "C") for channel in channels(wait))
    running = any(clock is not None and not stops(wait, clock) for clock in clocks)
    contexts = [each for context in _contexts(wait) for each in lineage(wait, context)]
    made = (site.text for each in (*channels(wait), *contexts) for site in each.sites("make"))
    if not (wait.leak.state == "sleep" or running or any(map(_TIMED.match, made))):
        return None
    why = wait.say("the main goroutine of its synctest bubble has ended, and the time in there stands still since then")
    return Finding("unknown", why, wait.say("End it, or wait for it, before the main goroutine of the bubble ends."))


def stopped_ticker(wait: Wait) -> Finding | None:
    """It reads from a ticker or timer that was stopped; stopping does not close the channel."""
    for channel in channels(wait):
        clock = owner(wait, channel, "C")
        if clock is None or not (stopped := stops(wait, clock)):
            continue
        if any(case.operation != "default" and variable.via != "C" for case, variable in wait.case_variables()):
            return None  # what the other cases wait for may be what was to end it
        name, lines = clock.name, wait.lines(stopped)
        if not _is_stopped_for_good(wait, channel, clock, stopped):
            why = wait.say(
                "`{name}` (line {line}) runs no more: it was stopped at {lines}, or what it had to send was taken already",
                name=name,
                line=wait.line(clock),
                lines=lines if wait.place.loop is None else wait.lines(clock.sites("stop")),
            )
            advice = wait.say(
                "Select on a `done` channel beside `{name}.C`, and close it when `{name}` will not be set again.",
                name=name,
            )
            return Finding("stopped-ticker", why, advice)
        if wait.place.operation == "receive" and any(wait.stands_in(site) is not None for site in stopped):
            why = wait.say(
                "`{name}` was stopped at {lines}, and since Go 1.23 a stopped {kind} leaves nothing to receive",
                name=name,
                lines=lines,
                kind=clock.kind,
            )
            return Finding("stopped-ticker", why, wait.say("Leave the receive out: there is nothing to drain."))
        why = wait.say(
            "`{name}` was stopped at {lines}, and a stopped {kind} neither sends nor closes its channel",
            name=name,
            lines=lines,
            kind=clock.kind,
        )
        advice = wait.say(
            "Select on a `done` channel beside `{name}.C`, and close it where `{name}` is stopped.", name=name
        )
        return Finding("stopped-ticker", why, advice)
    return None


def _is_stopped_for_good(wait: Wait, channel: Variable, clock: Variable, stopped: list[Operation]) -> bool:
    """Whether a clock that does not run was stopped; the value of a timer may have been taken instead."""
    resets = resets_of(wait, clock)
    if clock.kind == "ticker" or not stopped:
        return bool(stopped)
    if any(not leads_to(reset, stop) for reset in resets for stop in stopped):
        return False
    receives = channel.sites("receive", "range")
    own = [site for site in receives if (site.file, site.line) == (wait.place.file, wait.place.line)]
    if any(stop.branch_line <= site.line and leads_to(stop, site) for stop in stopped for site in own):
        return True
    again = any(site.loop or (site.often and not site.anew and not is_many(clock)) for site in own)
    return len(own) == len(receives) and not again


def ticking_forever(wait: Wait) -> Finding | None:
    """It is woken by a ticker again and again, and nothing stops it: it lives, but for ever."""
    if not (wait.place.forever or wait.place.operation == "range"):
        return None
    for channel in channels(wait):
        clock = owner(wait, channel, "C")
        if clock is not None and clock.kind == "ticker" and not stops(wait, clock):
            # What it puts off until it leaves does not make it leave.
            resets = resets_of(wait, clock)
            elsewhere = [
                site
                for site in clock.sites("stop")
                if not (site.deferred and wait.stands_in(site) is not None)
                and not any(leads_to(site, reset) for reset in resets)
            ]
            if elsewhere:
                why = wait.say(
                    "`{name}` (line {line}) ticks on until it is stopped at {lines}",
                    name=clock.name,
                    line=wait.line(clock),
                    lines=wait.lines(elsewhere),
                )
                return Finding("ticking-forever", why)
            advice = wait.say(
                "Stop the ticker and tell the goroutine: select on a `done` channel beside `{name}.C`.", name=clock.name
            )
            return _ticking(wait, channel, clock.name, clock, advice)
        ticks = [site for site in channel.sites("make") if site.text.startswith("time.Tick(")]
        if ticks:
            advice = wait.say(
                "Take a `time.NewTicker`, which can be stopped, and select on a `done` channel beside it."
            )
            return _ticking(wait, channel, ticks[0].text, ticks[0], advice)
    return None


def _ticking(wait: Wait, channel: Variable, name: str, at: Located, advice: str) -> Finding:
    """What ticks there without an end, unless another case of the select comes."""
    beside = [case for case, variable in wait.case_variables() if variable is not channel]
    if beside:
        why = wait.say(
            "`{name}` (line {line}) ticks on, until `{other}` brings something",
            name=name,
            line=wait.line(at),
            other=beside[0].expression,
        )
        return Finding("ticking-forever", why)
    why = wait.say("`{name}` (line {line}) ticks for ever, nothing stops it", name=name, line=wait.line(at))
    return Finding("ticking-forever", why, advice)


def timer_taken(wait: Wait) -> Finding | None:
    """Proven to wait for a timer: it runs no more, so its one value was taken before."""
    if wait.leak.evidence != "proven" or wait.place.operation != "receive":
        return None
    for channel in channels(wait):
        clock = owner(wait, channel, "C")
        after = [site for site in channel.sites("make") if site.text.startswith("time.After(")]
        if (clock is not None and clock.kind == "timer") or after:
            name = clock.name if clock is not None else after[0].text
            at = wait.line(clock if clock is not None else after[0])
            resets = resets_of(wait, clock) if clock is not None else []
            if resets:
                why = wait.say(
                    "`{name}` (line {line}) sends once, and once more after each `Reset` ({lines}), and all that was taken already",
                    name=name,
                    line=at,
                    lines=wait.lines(resets),
                )
            else:
                why = wait.say("`{name}` (line {line}) sends once, and that was taken already", name=name, line=at)
            return Finding("stopped-ticker", why)
    return None


def iter_pull(wait: Wait) -> Finding | None:
    """An iterator that was pulled from and neither finished nor stopped."""
    if wait.leak.state != "coroutine":
        return None
    pulls = _pulls(wait)
    calls = {(site.text, wait.line(site)): stop for site, stop in pulls}
    if len(calls) == 1:
        ((code, line),) = calls
        why = wait.say.count(
            "`{code}` (line {line}) started it, and neither was it pulled to its end nor was its `stop` called",
            "`{code}` (line {line}) started them, and neither were they pulled to their end nor was their `stop` called",
            wait.leak.count,
            code=code,
            line=line,
        )
    elif calls:
        why = wait.say.count(
            "`iter.Pull`, called at {lines}, started it, and neither was it pulled to its end nor was its `stop` called",
            "`iter.Pull`, called at {lines}, started them, and neither were they pulled to their end nor was their `stop` called",
            wait.leak.count,
            lines=wait.lines([site for site, _ in pulls]),
        )
    else:
        why = wait.say("`iter.Pull` started it, and neither was it pulled to its end nor was its `stop` called")
    names = {stop.name for stop in calls.values()}
    name = names.pop() if len(names) == 1 else ""
    advice = wait.say.count(
        "`defer {stop}()` right after `iter.Pull` ends it.",
        "`defer {stop}()` right after `iter.Pull` ends them.",
        wait.leak.count,
        stop=name if name.isidentifier() and name != "_" else "stop",
    )
    return Finding("iter-pull-unstopped", why, advice)


def _pulls(wait: Wait) -> list[tuple[Operation, Variable]]:
    """Where the iterator may have been made that the goroutine runs, each with its `stop`.

    Not where the text shows another function in it, nor where the end of a function that has gone has stopped it.
    """
    bodies = {call.body for call in wait.place.stack}
    stops = [variable for variable in wait.facts.variables if variable.type == "func()"]
    found = [(site, stop) for stop in stops for site in stop.sites("make") if site.text.startswith("iter.Pull")]
    kind = wait.leak.created_by.partition("[")[0]
    found = [(site, stop) for site, stop in found if re.split(r"[\[(]", site.text)[0] == kind] or found
    own = [(site, stop) for site, stop in found if bodies.intersection(site.tasks)] or found

    def is_stopped(pull: Operation, stop: Variable) -> bool:
        gone = not any(other.stands_in(pull) is not None for other in wait.others)
        return gone and any(
            call.deferred and leads_to(pull, replace(call, deferred=False)) for call in stop.sites("call")
        )

    return [(site, stop) for site, stop in own if not is_stopped(site, stop)] or own
