"""The pattern of a lock that somebody left locked: where, and what gives it back."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_goleak.facts import Operation, Variable
from jupyter_goleak.patterns.locks import LOCKING, lock_order, pointer_advice, relock
from jupyter_goleak.patterns.wait import Finding, Wait

_TAKING = (*LOCKING, "trylock", "tryrlock")
_ROUNDS = ("break-locked", "continue-locked")
_LEAVES = ("return-locked", "end-locked", *_ROUNDS)


def missing_unlock(wait: Wait) -> Finding | None:
    """A lock that somebody left locked."""
    variable = wait.variable
    if variable is None or wait.place.operation not in LOCKING:
        return None
    name = wait.name(variable)
    if left := variable.sites(*_LEAVES):
        return Finding("mutex-missing-unlock", _ways_out(wait, left, name), _leaving_advice(wait, variable, left))
    holders = [other for other in wait.others if other.leak is not wait.leak and variable in other.held()]
    if holders:
        why = wait.say("who holds {name} waits at line {line}", name=name, line=wait.line(holders[0].place))
        pattern = next((f.pattern for other in holders if (f := relock(other) or lock_order(other))), "unknown")
        return Finding(pattern, why)
    unlocks = variable.sites("unlock", "runlock", "unlock-call", "runlock-call")
    if variable in wait.held() and (taken := wait.took(variable)):
        return _held_by_itself(wait, taken, name, deferred=bool(unlocks) and all(site.deferred for site in unlocks))
    handed = variable.sites("unlock-value", "runlock-value")
    if handed:
        why = wait.say(
            "the release of {name} is handed on at {lines} to be called later, and that call never came",
            name=name,
            lines=wait.lines(handed),
        )
        return Finding("mutex-missing-unlock", why)
    if not unlocks:
        return Finding("mutex-missing-unlock", wait.say("{name} is never unlocked", name=name))
    copied = [site for site in unlocks if site.copy is not None and site.copy.function]
    if copied and (at := copied[0].copy) is not None:
        why = wait.say(
            "`{function}` (line {line}) works on a copy of the `{type}`, and its `Unlock` at line {unlock} frees only that",
            function=at.function,
            line=wait.line(at),
            type=at.type,
            unlock=wait.line(copied[0]),
        )
        return Finding("mutex-missing-unlock", why, pointer_advice(wait, at))
    own = [site for site in unlocks if wait.stands_in(site) is not None]
    if wait.place.loop is not None and own and not any(site.loop for site in own):
        why = wait.say(
            "the loop `{text}` takes it in every round, and it is given back only at {lines}",
            text=wait.place.loop.text,
            lines=wait.lines(own),
        )
        return Finding("mutex-missing-unlock", why, wait.say("Release it at the end of every round."))
    if any(site.deferred for site in unlocks) or any(o.leak is not wait.leak and o.took(variable) for o in wait.others):
        return None
    if any(site.conditional or site.loop or site.exits for site in unlocks) or not _beside(variable, unlocks):
        why = wait.say(
            "who locked {name} did not come to the unlock at {lines}: there is a way past it",
            name=name,
            lines=wait.lines(unlocks),
        )
        return Finding("mutex-missing-unlock", why)
    why = wait.say(
        "who locked {name} did not come to the unlock at {lines}: a panic passes it by",
        name=name,
        lines=wait.lines(unlocks),
    )
    return Finding("mutex-missing-unlock", why, _deferring_advice(wait, variable, unlocks[0].body))


def _beside(variable: Variable, unlocks: Sequence[Operation]) -> bool:
    """Whether each function that takes the lock gives it back in its own statements, and no other one does."""
    taken = {site.body for site in variable.sites(*_TAKING)}
    return taken == {site.body for site in unlocks} and not variable.sites("unlock-call", "runlock-call")


def _held_by_itself(wait: Wait, taken: Sequence[Operation], name: str, *, deferred: bool) -> Finding:
    """It holds such a lock. Where every function surely gives back what it took, and nobody else is in one, it is this one."""
    lines = wait.lines(taken)
    certain = wait.deadlock or wait.leak.evidence == "proven"
    if deferred and certain and wait.leak.count == 1 and wait.variable is not None and not wait.variable.unknown:
        why = wait.say("since {lines} it holds {name} itself, and a mutex knows no owner", lines=lines, name=name)
        advice = wait.say("Release it before the call, or call a variant that expects it held.")
        return Finding("mutex-relock", why, advice)
    return Finding(
        "unknown", wait.say("since {lines} it holds {name} of this value or of another", lines=lines, name=name)
    )


def _ways_out(wait: Wait, left: Sequence[Operation], name: str) -> str:
    lines, first = wait.lines(left), left[0]
    rounds = [site.kind in _ROUNDS for site in left]
    if any(site.body != first.body for site in left) or any(rounds) != all(rounds):
        return wait.say("the ways out at {lines} leave {name} locked", lines=lines, name=name)
    function = wait.function(first)
    if all(rounds):
        return wait.say(
            "a round of the loop in {function} ends at {lines} with {name} still locked",
            function=function,
            lines=lines,
            name=name,
        )
    return wait.say("{function} ends at {lines} with {name} still locked", function=function, lines=lines, name=name)


def _leaving_advice(wait: Wait, variable: Variable, left: Sequence[Operation]) -> str:
    body = left[0].body
    if deferring := _deferring_advice(wait, variable, body):
        return deferring
    codes = {_release(site) for site in variable.sites(*_TAKING) if site.body == body}
    if len(codes) != 1:
        return ""
    lines = wait.lines([site for site in left if site.body == body])
    return wait.say("Call `{code}` before leaving at {lines}.", code=codes.pop(), lines=lines)


def _deferring_advice(wait: Wait, variable: Variable, body: int) -> str:
    """To defer the release; "" where something needs the lock free before the function ends."""
    taken = [site for site in variable.sites(*_TAKING) if site.body == body]
    plain = [site for site in variable.sites("unlock", "runlock") if site.body == body]
    if len(taken) != 1 or taken[0].kind not in LOCKING or not taken[0].deferrable or any(s.deferred for s in plain):
        return ""
    code = f"defer {_release(taken[0])}"
    if not plain:
        return wait.say("`{code}` right after the lock ends it on every way out.", code=code)
    return wait.say(
        "`{code}` right after the lock, in place of the unlock at {lines}, ends it on every way out.",
        code=code,
        lines=wait.lines(plain),
    )


def _release(taken: Operation) -> str:
    return f"{taken.expression}.{'RUnlock' if taken.kind in ('rlock', 'tryrlock') else 'Unlock'}()"
