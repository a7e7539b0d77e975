"""What syntax and types tell about the places where goroutines wait: nouns, without an opinion.

The Go helper finds them (`Rewriter.facts`). A `Variable` is one value of the program as far as its text tells: what one
call makes (`make(chan int)` at one line, `context.WithCancel(…)` at another), with every name that it passes through on
its way (variables, parameters, fields, captures), told by the name where it was made. Lines count from 1 in the user's
text; `file` is relative to the program.

The flow of values is followed without regard to order, and one field is one variable, whichever struct it is in. A fact
such as "never closed" is sound only while `unknown` is False: where it is True, code that is not the user's has the value
too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Copy:
    """A struct that a function was given by its value, as its `receiver` or another parameter, so that it works on a copy; without
    a `function`, an element that a loop has put into its variable."""

    file: str
    line: int
    type: str
    function: str
    receiver: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that the program does with a variable.

    `kind` is `make`, `result` (a library gives it, and may keep it too), `send`, `receive`, `range`, `close`, `nil` (set to nil), `passed` (given to code that is not the
    user's), `call` (of a function value, such as a context's cancel), `discard` (a cancel function thrown away),
    `return-locked` and `end-locked` (the function leaves while it holds the lock), `break-locked` and `continue-locked` (a round of
    a loop does), or a method's name in small letters:
    `lock`, `unlock`, `rlock`, `runlock`, `add`, `done`, `wait`, `signal`, `broadcast`, `stop`, `reset`, `close`, …

    `buffer` is the size of a made channel's buffer where it is a constant. `deferred`: it runs when its function ends.
    `loop`: a loop of its function repeats it. `goroutine`: a `go` statement starts the code around it; `repeated`: and that
    stands in a loop. `conditional`: its function may pass it by. `exits` are the lines where the function leaves before it
    comes to it, of a `range` those that break it off, of an `add` those before the `go` statement that starts what it counts. `select` counts the cases to choose from, 0 outside of a select;
    `default`: one of them is a default, so that it never waits; `select_line` is that of the select. `uncalled`: nothing calls
    the function that it stands in. `holding` names the locks that its function holds there (indices of variables).

    `body` is the function or literal that it is part of, by its place among all of them (-1 at package level). `again`: the
    program may come to it more than once. `anew`: the same call of its function has made the value, so that the next one comes
    there with another. `timed`: a timer of `time.AfterFunc` comes to it. `tasks` are, of a method `Go` and of what
    `iter.Pull` makes, the bodies that it starts. `last_line` is that of the outermost loop around it in its function, or its own: below, it is past.
    `shared`: it may concern other values, too. `once`: the program comes to it at most once for each value that is made where
    this one is. `deferrable`, of a lock: nothing needs it free before the end of the function that takes it; of a receive or
    a close: nor that done; of a `done`: the goroutine may put it off as its first statement. A method's name
    with `-value` behind it, such as `unlock-value`, is a method handed on to be called later; with `-call`, a call that comes to
    it through a function value or an interface of the program's. `often`: the program may call or start the function around it
    more than once. `deferrer` is the body at whose end it runs, as part of a literal that is deferred there, -1 for none.
    `branch_line` is where the innermost branch begins by which its function may pass it by, 0 where none may, and `branch_end`
    where that ends, or else the function. `certain`: nothing passes it by, for any value that is made where this one is: it has
    run, unless somebody is still on the way there. `outer`: all that its expression names is known where its function begins.
    `copy`: it works on a copy. `returned`: its function is a literal that the function around it returns.
    """

    kind: str
    file: str
    line: int
    end_line: int
    function: str
    text: str
    expression: str
    buffer: int | None
    deferred: bool
    loop: bool
    goroutine: bool
    conditional: bool
    select: int
    default: bool
    repeated: bool
    exits: tuple[int, ...]
    uncalled: bool
    holding: tuple[int, ...]
    body: int
    again: bool
    anew: bool
    select_line: int
    tasks: tuple[int, ...]
    timed: bool
    last_line: int
    shared: bool
    once: bool
    deferrable: bool
    often: bool
    deferrer: int
    branch_line: int
    branch_end: int
    certain: bool
    outer: bool
    copy: Copy | None
    returned: bool


@dataclass(frozen=True, slots=True)
class Method:
    """A method such as Stop or Close of the struct that has the field, and whether anything calls it."""

    name: str
    type: str
    file: str
    line: int
    called: bool


@dataclass(frozen=True, slots=True)
class Insertion:
    """Code that fits on a new line below `line`."""

    file: str
    line: int
    code: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One value's names and everything that is done with it.

    `kind` is `channel`, `mutex`, `rwmutex`, `waitgroup`, `cond`, `once`, `context`, `cancel`, `timer`, `ticker`, `response`,
    `pipe`, `connection`, `listener`, `function` or `value`. `scope` is `local`, `parameter`, `field` (of `struct`), `global`
    or `value` (it has no name). `buffer` is the size of the one made channel's buffer where that is a constant (0:
    unbuffered), `buffer_text` how the program writes it. `nil`: declared and never made. `global_`: a global variable holds
    it, or what it is an element of. `owner` and `via` say what it is reached through: a context's `Done`, a timer's `C`, an `element` of a channel, slice or
    map. `lock` is that of a cond. `parents` are what it was derived from: a context's parent, the reader
    that a scanner reads. `siblings` are the other results of the call that made it. `derived` is what is made from a pipe, a
    connection, or what stands on one. `cancel` is the function that ends a context. `close_after` is where the only sender
    can close the channel, None where no such line is sure; `gathered` where all of several senders were waited for, on a
    WaitGroup. `deferrable`: the function that makes this cancel function may
    call it when it returns, since what it ends is not wanted any longer. `sent` tells how many values are sent on it at most:
    `one`, `one each` of the goroutines that send, or "" where that is not known. `unset`: it is a field that some values of
    its struct are made without, and that nothing sets later.
    """

    kind: str
    name: str
    names: tuple[str, ...]
    type: str
    scope: str
    struct: str
    file: str
    line: int
    buffer: int | None
    buffer_text: str
    global_: bool
    nil: bool
    unknown: bool
    owner: int | None
    via: str
    parents: tuple[int, ...]
    siblings: tuple[int, ...]
    derived: tuple[int, ...]
    cancel: int | None
    operations: tuple[Operation, ...]
    lock: int | None
    methods: tuple[Method, ...]
    close_after: Insertion | None
    gathered: Insertion | None
    deferrable: bool
    sent: str
    unset: bool

    def sites(self, *kinds: str) -> tuple[Operation, ...]:
        """The operations of these kinds, in the order of the text."""
        return tuple(operation for operation in self.operations if operation.kind in kinds)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop: `kind` is `range`, `condition` or `forever`; `text` is its head."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Launch:
    """The statement that started the goroutine, the function that it stands in, and the loop around it there."""

    text: str
    file: str
    line: int
    function: str
    loop: Loop | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a select: `operation` is `send`, `receive` or `default`; `variable`, `others`, `ended` and `given` as in
    `Place`.

    `nil`: its channel is a field that the value in question was surely made without.
    `leaves`: it ends with a return, or with a break of the loop around the select.
    `break_line` is that of a `break` at its end, which leaves the select and not the loop around it; 0 where there is none.
    """

    operation: str
    expression: str
    text: str
    line: int
    variable: int | None
    others: tuple[int, ...]
    ended: tuple[int, ...]
    given: str
    nil: bool = False
    break_line: int = 0
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A call under way: the body that it is of (as in `Operation`; -1 where it is not found), and the line."""

    body: int
    line: int


@dataclass(frozen=True, slots=True)
class Change:
    """An assignment to what a loop's condition asks for."""

    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Skip:
    """Where `function` leaves with a place of a semaphore, past the call `release` that gives it back (at `lines`)."""

    file: str
    line: int
    function: str
    release: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The statement that a goroutine waits in.

    `operation` is `range`, `receive`, `send`, `select`, `call`, or a method's name in small letters (`lock`, `wait`, …).
    `variable` is the index of what it waits for, as far as the text tells; where the same code serves several values,
    `others` are the rest, and `ended` those that may be meant, too, though something closes, cancels or stops them. `given` is the
    function with the `go` statement, where the expression is its parameter, "" otherwise. `loop` is the innermost loop around it, itself for a range. `forever`:
    a loop without a condition repeats it, or a call that led to it. `each_round`: the loop
    declares what is waited for, which is another value in each round. `comma_ok`: the receive tells, too, whether the channel is
    closed. `holding` names the locks that the goroutine holds there; `same`: by all that the text tells, the lock that it
    waits for is one of these, and not that of another value; `apart`: it is certainly none of them. `stack` are the calls under way
    in the user's code, the innermost first; `ahead` are the bodies that it may yet come to from where it stands, `reaches` those
    that its calls under way may ever have come to, themselves included. `silent` are the changes of what the loop around the Wait
    of a Cond asks for, where nobody is woken; `taken` are those that the waiting function makes itself when it waits no longer.
    `skips` are, where the statement takes a place of a semaphore for the callers of its function, their ways out that do not give it
    back. Where `found` is False, only `file` and `line` (and `started`) are known.
    """

    found: bool
    statement: str
    operation: str
    expression: str
    variable: int | None
    others: tuple[int, ...]
    ended: tuple[int, ...]
    given: str
    function: str
    file: str
    line: int
    cases: tuple[Case, ...]
    loop: Loop | None
    forever: bool
    each_round: bool
    comma_ok: bool
    same: bool
    apart: bool
    started: Launch | None
    holding: tuple[int, ...]
    stack: tuple[Standing, ...]
    ahead: frozenset[int]
    reaches: frozenset[int]
    silent: tuple[Change, ...]
    taken: tuple[Change, ...]
    skips: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """One place for each wait that was asked about, in the same order, and the variables that they name by index.

    `resources` are what the program makes and has to close or stop, in the order of the text: responses, pipes,
    connections, listeners, timers, tickers, and what `iter.Pull` gives. `given` are the bodies (as in `Operation`) that each
    package may come to at any time, by the functions that it was given. `weak`: it has weak pointers, through which the
    runtime's proof does not look. `problem` says why the analysis broke off, if it did.
    """

    places: tuple[Place, ...]
    variables: tuple[Variable, ...]
    resources: tuple[int, ...] = ()
    given: Mapping[str, frozenset[int]] = field(default_factory=dict)
    weak: bool = False
    problem: str = ""

    @property
    def file(self) -> str:
        """The file that all of it stands in, "" where there are several."""
        files = {operation.file for variable in self.variables for operation in variable.operations}
        return files.pop() if len(files) == 1 else ""

    def of(self, place: Place) -> Variable | None:
        """What the place waits for."""
        return None if place.variable is None else self.variables[place.variable]


def facts_of(answer: Mapping[str, Any]) -> Facts:
    """The facts in the helper's answer."""
    return Facts(
        tuple(_place(each) for each in answer["places"]),
        tuple(_variable(each) for each in answer["variables"]),
        tuple(answer["resources"]),
        {package: frozenset(bodies) for package, bodies in answer["given"].items()},
        answer["weak"],
        answer["problem"],
    )


def _place(each: Mapping[str, Any]) -> Place:
    started = each["started"]
    return Place(
        **{
            **each,
            "cases": tuple(
                Case(**{**case, "others": tuple(case["others"]), "ended": tuple(case["ended"])})
                for case in each["cases"]
            ),
            "loop": _loop(each["loop"]),
            "started": started and Launch(**{**started, "loop": _loop(started["loop"])}),
            "holding": tuple(each["holding"]),
            "others": tuple(each["others"]),
            "ended": tuple(each["ended"]),
            "stack": tuple(Standing(**standing) for standing in each["stack"]),
            "ahead": frozenset(each["ahead"]),
            "reaches": frozenset(each["reaches"]),
            "silent": tuple(Change(**change) for change in each["silent"]),
            "taken": tuple(Change(**change) for change in each["taken"]),
            "skips": tuple(Skip(**{**skip, "lines": tuple(skip["lines"])}) for skip in each["skips"]),
        }
    )


def _loop(each: Mapping[str, Any] | None) -> Loop | None:
    return Loop(**each) if each else None


def _variable(each: Mapping[str, Any]) -> Variable:
    values = dict(each)
    values.update(
        names=tuple(values["names"]),
        global_=values.pop("global"),
        parents=tuple(values["parents"]),
        siblings=tuple(values["siblings"]),
        derived=tuple(values["derived"]),
        operations=tuple(_operation(one) for one in values["operations"]),
        methods=tuple(Method(**one) for one in values["methods"]),
        close_after=_insertion(values["close_after"]),
        gathered=_insertion(values["gathered"]),
    )
    return Variable(**values)


def _insertion(each: Mapping[str, Any] | None) -> Insertion | None:
    return Insertion(**each) if each else None


def _operation(each: Mapping[str, Any]) -> Operation:
    copy = each["copy"] and Copy(**each["copy"])
    return Operation(**{**each, "copy": copy, **{name: tuple(each[name]) for name in ("holding", "exits", "tasks")}})
