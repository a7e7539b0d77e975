"""Patterns: rules that recognise why goroutines stay. Pure.

A rule is a function from a `Wait` to a `Finding`, or to None where it does not apply; `RULES` tries them in this order,
the most particular first. A rule says only what the facts tell: where none applies, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Callable

from jupyter_goleak.patterns import channels, conditions, input_output, locks, selects, senders, stopping, unlocking
from jupyter_goleak.patterns.wait import Finding, Say, Wait
from jupyter_goleak.patterns.waking import BLOCKED, will_be_served, will_be_woken

__all__ = ["BLOCKED", "RULES", "Finding", "Say", "Wait", "recognise", "will_be_served", "will_be_woken"]

RULES: tuple[Callable[[Wait], Finding | None], ...] = (
    selects.empty_select,
    input_output.http_request,
    input_output.http_body,
    input_output.pipe,
    stopping.iter_pull,
    stopping.time_stands_still,
    stopping.background_done,
    channels.nil_channel,
    locks.send_while_locked,
    locks.relock,
    locks.deferred_lock,
    locks.lock_order,
    unlocking.missing_unlock,
    locks.once,
    locks.waitgroup,
    conditions.cond,
    stopping.stopped_ticker,
    stopping.timer_taken,
    stopping.ticking_forever,
    stopping.context_never_cancelled,
    stopping.context_of_library,
    stopping.worker_without_stop,
    channels.held_by_global,
    senders.abandoned_generator,
    senders.forgotten_sender,
    channels.abandoned_receiver,
    selects.select_channels,
    input_output.inside_library,
    input_output.waits_for_io,
)


def recognise(wait: Wait) -> Finding | None:
    """The first rule's finding that applies. Of several values that may be meant, only what is true of all is told."""
    first, *others = (_first(each) for each in wait.possible())
    if first is None or all(each == first for each in others):
        return first
    pattern = first.pattern if all(each and each.pattern == first.pattern for each in others) else "unknown"
    name = wait.place.expression
    if not name:
        return Finding(pattern, wait.say("several values pass there, and nothing tells which one it is"))
    return Finding(
        pattern, wait.say("`{name}` is now one value, now another, and nothing tells which one it is here", name=name)
    )


def _first(wait: Wait) -> Finding | None:
    return next((finding for rule in RULES if (finding := rule(wait)) is not None), None)
