"""The Go helper: what the text of a program tells about a leak."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from jupyter_goleak.errors import UsageError
from jupyter_goleak.model import Frame, Goroutine, Leak
from jupyter_goleak.program import parse_program
from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.toolchain import find
from tests.corpus import Case, leaky_cases
from tests.integration.questions import ask, subject

pytestmark = pytest.mark.toolchain


def leaks_of(case: Case) -> list[Leak]:
    return [
        Leak(
            evidence=group.get("evidence", "likely"),
            count=group.get("count", 1),
            state=group.get("state", ""),
            function=group.get("function", ""),
            file="main.go",
            line=group["line"],
            created_by=group.get("created_by", ""),
            go_line=group.get("go_line"),
        )
        for group in case.expect.get("leaks", []) + case.expect.get("alive", [])
        if group.get("line")
    ]


# What a leak of the pattern waits for, where that is one thing.
SUBJECTS = {
    "abandoned-generator": "channel",
    "abandoned-receiver": "channel",
    "forgotten-sender": "channel",
    "nil-channel": "channel",
    "stopped-ticker": "channel",
    "stopped-timer": "channel",
    "mutex-missing-unlock": "mutex rwmutex",
    "mutex-relock": "mutex rwmutex",
    "lock-order": "mutex",
    "rwmutex-recursive-read": "rwmutex",
    "rwmutex-upgrade": "rwmutex",
    "cond-lost-signal": "cond",
}


@pytest.mark.parametrize("case", leaky_cases(), ids=str)
def test_facts_of_the_corpus(rewriter: Rewriter, case: Case) -> None:
    leaks = leaks_of(case)
    facts = rewriter.facts(parse_program(case.main), leaks)
    assert facts.problem == ""
    lines = case.main.split("\n")
    for leak, place in zip(leaks, facts.places, strict=True):
        assert place.found
        assert place.line == leak.line
        # What a function has deferred waits where the function ends.
        written = "\n".join(lines[: place.line]) if place.statement.startswith("defer ") else lines[place.line - 1]
        assert place.statement.split("(")[0].split()[0] in written
        if leak.go_line:
            assert place.started is not None
            assert place.started.line == leak.go_line
            assert place.started.function in leak.created_by or "literal" in place.started.function
        pattern = case.expect.get("pattern", "")
        if pattern in SUBJECTS:
            variable = facts.of(place)
            assert variable is not None
            assert variable.kind in SUBJECTS[pattern].split()
    for variable in facts.variables:
        for operation in variable.operations:
            assert operation.text == "" or operation.text.split()[0].split("(")[0] in lines[operation.line - 1]


def test_the_lessons_leak_in_facts(rewriter: Rewriter, lesson: str) -> None:
    leak = Leak("proven", 8, "chan receive", "main.worker", "main.go", 55, "main.processRecords", 45)
    facts = rewriter.facts(parse_program(lesson), [leak])
    place, channel = facts.places[0], subject(facts)
    assert (place.statement, place.operation, place.started.text if place.started else "") == (
        "for v := range input", "range", "go worker(i, input, output)",
    )  # fmt: skip
    assert (channel.name, channel.line, channel.buffer, channel.buffer_text) == ("input", 33, None, "total")
    assert [(each.kind, each.line) for each in channel.operations] == [("make", 33), ("send", 35), ("range", 55)]
    assert channel.close_after is not None
    assert (channel.close_after.line, channel.close_after.code) == (36, "close(input)")


FLOWS = {
    "a field": ("type t struct{ c chan int }\n\nfunc (x *t) run() {\n\t<-x.c\n}\n\nv := &t{make(chan int)}\ngo v.run()\n", 4, "c", 7),
    "a result": ("func open() chan int {\n\treturn make(chan int)\n}\n\nc := open()\ngo func() {\n\tc <- 1\n}()\n", 7, "c", 5),
    "an element": ("cs := []chan int{make(chan int)}\nfor _, c := range cs {\n\tgo func() {\n\t\t<-c\n\t}()\n}\n", 4, "c", 2),
    "a map": ("m := map[string]chan int{}\nm[\"a\"] = make(chan int)\ngo func() {\n\t<-m[\"a\"]\n}()\n", 4, "m", 1),
    "a channel of channels": ("q := make(chan chan int, 1)\na := make(chan int)\nq <- a\ngo func() {\n\tr := <-q\n\tr <- 1\n}()\n", 6, "a", 2),
    "a function value": ("work := func(in chan int) {\n\t<-in\n}\nc := make(chan int)\ngo work(c)\n", 2, "c", 4),
    "a callback": ("func apply(f func(chan int), c chan int) {\n\tf(c)\n}\n\nc := make(chan int)\ngo apply(func(in chan int) {\n\t<-in\n}, c)\n", 7, "c", 5),
    "an interface": ("type s interface{ put(chan int) }\ntype a struct{}\n\nfunc (a) put(in chan int) {\n\tin <- 1\n}\n\nvar x s = a{}\nc := make(chan int)\ngo x.put(c)\n", 5, "c", 9),
    "variadic parameters": ("func all(cs ...chan int) {\n\t<-cs[0]\n}\n\nc := make(chan int)\ngo all(c)\n", 2, "c", 5),
    "a generic function": ("func take[T any](in <-chan T) {\n\tfor range in {\n\t}\n}\n\nc := make(chan int)\ngo take(c)\n", 2, "c", 6),
    "a generic type": ("type q[T any] struct{ c chan T }\n\nfunc (x *q[T]) run() {\n\t<-x.c\n}\n\nv := &q[int]{c: make(chan int)}\ngo v.run()\n", 4, "c", 7),
    "several results": ("func two() (chan int, error) {\n\tc := make(chan int)\n\treturn c, nil\n}\n\nd, _ := two()\ngo func() {\n\t<-d\n}()\n", 8, "c", 2),
    "named results": ("func one() (c chan int) {\n\tc = make(chan int)\n\treturn\n}\n\nd := one()\ngo func() {\n\t<-d\n}()\n", 8, "c", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_a_channel_is_followed_to_where_it_is_made(rewriter: Rewriter, name: str) -> None:
    text, line, named, made = FLOWS[name]
    state = "chan send" if "<- 1" in text.split("\n")[line - 1] else "chan receive"
    channel = subject(ask(rewriter, text, state, line))
    assert (channel.kind, [each.line for each in channel.sites("make")]) == (
        "channel",
        [text[: text.rindex("make(chan int)")].count("\n") + 1],
    )
    assert named in (channel.name, *channel.names) or made == 1
    assert not channel.unknown
    assert not channel.nil


def test_two_values_in_one_parameter_are_told_apart(rewriter: Rewriter) -> None:
    text = "func drain(in chan int) {\n\tfor range in {\n\t}\n}\n\nclosed, open := make(chan int), make(chan int)\ngo drain(closed)\ngo drain(open)\nclose(closed)\n"
    facts = ask(rewriter, text, "chan receive", 2)
    place = facts.places[0]
    assert (subject(facts).name, subject(facts).sites("close")) == ("open", ())
    assert place.others == ()
    text = "func drain(in chan int) {\n\tfor range in {\n\t}\n}\n\na, b := make(chan int), make(chan int)\nfor _, each := range []chan int{a, b} {\n\tgo drain(each)\n}\n"
    place = ask(rewriter, text, "chan receive", 2).places[0]
    assert (place.variable is not None, len(place.others)) == (True, 1)


HANDED = """\
func pass(in <-chan int, out chan<- int) {
	out <- <-in
}

func sourced() <-chan int {
	return make(chan int)
}

sieved, baked := make(chan int), make(chan int)
go pass(sourced(), sieved)
go pass(sieved, baked)
"""


NEXT = "\nfunc next(in <-chan int) <-chan int {\n\treturn in\n}\n"


@pytest.mark.parametrize(
    ("launch", "text", "made"),
    [(10, HANDED, [6]), (11, HANDED, [9]), (10, HANDED.replace("\tout <-", "\tin = next(in); out <-") + NEXT, [6, 9])],
)
def test_what_the_go_statement_hands_over_is_meant(rewriter: Rewriter, launch: int, text: str, made: list[int]) -> None:
    facts = ask(rewriter, text, "chan receive", 2, go_line=launch)
    (place,) = facts.places
    variables = [facts.variables[index] for index in (place.variable, *place.others) if index is not None]
    assert [site.line for each in variables for site in each.sites("make")] == made


def test_what_a_function_was_given_is_told_from_what_it_makes(rewriter: Rewriter) -> None:
    text = "func pass(in chan int) chan int {\n\tout := make(chan int)\n\tgo func() {\n\t\tout <- <-in\n\t}()\n\treturn out\n}\n\npass(pass(nil))\n"
    for state, given in (("chan receive", "pass"), ("chan send", "")):
        (place,) = ask(rewriter, text, state, 4, go_line=3).places
        assert place.given == given


def test_a_field_that_holds_the_channel_of_a_ticker_or_another_is_told_as_either(rewriter: Rewriter) -> None:
    text = "type clock struct{ ticks <-chan time.Time }\n\nfunc (c clock) count() {\n\tfor range c.ticks {\n\t}\n}\n\nreal, fake := time.NewTicker(1), make(chan time.Time)\nfor _, each := range []clock{{real.C}, {fake}} {\n\tgo each.count()\n}\n"
    facts = ask(rewriter, text, "chan receive", 4)
    place = facts.places[0]
    meant = [facts.variables[i] for i in (place.variable, *place.others) if i is not None]
    owners = [facts.variables[each.owner].name if each.owner is not None else "" for each in meant]
    assert sorted(zip((each.name for each in meant), owners, strict=True)) == [("fake", ""), ("real.C", "real")]


def test_a_lock_made_by_a_literal_is_a_value_of_its_own(rewriter: Rewriter) -> None:
    text = "func rest(work *sync.WaitGroup) {\n\twork.Wait()\n}\n\na, b, c := &sync.WaitGroup{}, new(sync.WaitGroup), sync.WaitGroup{}\nrest(a)\nrest(b)\nrest(&c)\n"
    facts = ask(rewriter, text, "sync.WaitGroup.Wait", 2)
    place = facts.places[0]
    assert {facts.variables[i].name for i in (place.variable, *place.others) if i is not None} == {"a", "b", "c"}


def test_a_channel_that_carries_itself(rewriter: Rewriter) -> None:
    text = "c := make(chan any, 1)\nc <- c\nd := c\ngo func() {\n\t<-d\n}()\n"
    assert subject(ask(rewriter, text, "chan receive", 5)).name == "c"


# Who closes the gate of this call, and who that of an earlier one.
ANEW = {
    "made above": ("c := make(chan int)\n\tp.gate = c\n\tclose(c)", True),
    "put into a struct": ("b := &pen{gate: make(chan int)}\n\tclose(b.gate)", True),
    "put into the field above": ("p.gate = make(chan int)\n\tclose(p.gate)", True),
    "read after it was put there": ("p.gate = make(chan int)\n\tc := p.gate\n\tclose(c)", True),
    "made below": ("close(p.gate)\n\tp.gate = make(chan int)", False),
    "read before": ("c := p.gate\n\tp.gate = make(chan int)\n\tclose(c)", False),
    "made where there was none": ("if p.gate == nil {\n\t\tp.gate = make(chan int)\n\t}\n\tclose(p.gate)", False),
    "another may have been found": ("c := make(chan int)\n\tif p.gate != nil {\n\t\tc = p.gate\n\t}\n\tp.gate = c\n\tclose(c)", False),
    "put into another one": ("p.gate = make(chan int)\n\tclose(q.gate)", False),
    "read from another one": ("r := q\n\tp.gate = make(chan int)\n\tclose(r.gate)", False),
}  # fmt: skip


@pytest.mark.parametrize("name", ANEW)
def test_whether_an_operation_is_on_what_its_own_call_has_made(rewriter: Rewriter, name: str) -> None:
    body, anew = ANEW[name]
    text = f"type pen struct{{ gate chan int }}\n\nfunc pass(p, q *pen) {{\n\t{body}\n\tq.gate, p.gate = p.gate, q.gate\n\t<-p.gate\n}}\n\n"
    text += "for range 2 {\n\tgo pass(new(pen), new(pen))\n}\n"
    channel = subject(ask(rewriter, text, "chan receive", 6 + body.count("\n")))
    assert [site.anew for site in channel.sites("close")] == [anew]
    assert not any(site.anew for site in channel.sites("make"))


def test_what_library_code_has_too_is_unknown(rewriter: Rewriter) -> None:
    text = 'c := make(chan os.Signal, 1)\nsignal.Notify(c)\n<-c\nd := exec.Command("x")\n_ = d\n'
    channel = subject(ask(rewriter, text, "chan receive", 3))
    assert channel.unknown
    assert [each.kind for each in channel.operations] == ["make", "passed", "receive"]
    text = "func wait(c chan int) {\n\t<-c\n}\n\nvar f any = wait\n_ = f\n"
    assert subject(ask(rewriter, text, "chan receive", 2)).nil is False


@pytest.mark.parametrize(
    ("text", "buffer", "nil"),
    [
        ("c := make(chan int)\n<-c\n", 0, False),
        ("const n = 2\nc := make(chan int, n*2)\n<-c\n", 4, False),
        ("n := 2\nc := make(chan int, n)\n<-c\n", None, False),
        ("var c chan int\n<-c\n", None, True),
        ("type t struct{ c chan int }\nvar v t\n<-v.c\n", None, True),
        ("c := make(chan int)\nc = nil\n<-c\n", 0, False),
    ],
)  # fmt: skip
def test_buffers_and_nil(rewriter: Rewriter, text: str, buffer: int | None, nil: bool) -> None:
    channel = subject(ask(rewriter, text, "chan receive", text.count("\n")))
    assert (channel.buffer, channel.nil) == (buffer, nil)


BELLS = """\
type bell struct{ rung, off chan int }

func (b *bell) wait() {
	select {
	case b.rung <- 1:
	case <-b.off:
	}
}

func silent() *bell { return &bell{rung: make(chan int)} }

func hang(b *bell) {
	go b.wait()
}

a := &bell{rung: make(chan int), off: make(chan int)}
b := silent()
go a.wait()
go b.wait()
hang(a)
hang(b)
close(a.off)
"""


def test_a_case_that_a_value_was_made_without(rewriter: Rewriter) -> None:
    def off(go_line: int, text: str = BELLS) -> tuple[bool, bool]:
        facts = ask(rewriter, text, "select", 4, go_line)
        case = facts.places[0].cases[1]
        assert case.variable is not None
        return case.nil, facts.variables[case.variable].unset

    assert off(18) == (False, True)
    assert off(19) == (True, True)
    assert off(13) == (False, True)  # one or the other
    assert off(19, BELLS + "b.off = make(chan int)\n") == (False, False)


def test_what_leaves_before_an_operation(rewriter: Rewriter) -> None:
    text = "c := make(chan int)\ngo func() { c <- 1 }()\nif len(os.Args) > 1 {\n\treturn\n}\nfor range c {\n\tfor {\n\t\tbreak\n\t}\n\tif true {\n\t\tbreak\n\t}\n}\n<-c\n"
    send, loop, receive = subject(ask(rewriter, text, "chan send", 2)).sites("send", "range", "receive")
    assert (send.exits, loop.exits, receive.exits) == ((), (11,), (4,))
    assert (send.goroutine, send.repeated, loop.goroutine) == (True, False, False)


LEAVING = """\
quit, stop, skip := make(chan int), make(chan int), make(chan int)
go func() {
work:
	for {
		select {
		case <-quit:
			return
		case <-stop:
			break work
		case <-skip:
			break
		}
	}
}()
"""


def test_a_case_that_leaves_the_loop(rewriter: Rewriter) -> None:
    cases = ask(rewriter, LEAVING, "select", 5).places[0].cases
    assert [case.leaves for case in cases] == [True, True, False]


NESTED = """\
func take(slots chan int, task func()) {
	slots <- 1
	go func() {
		defer func() { <-slots }()
		task()
	}()
}

take(make(chan int, 1), func() {})
"""


def test_a_deferred_literal_runs_where_the_function_around_it_ends(rewriter: Rewriter) -> None:
    channel = subject(ask(rewriter, NESTED, "chan send", 2))
    (receive,), (send,) = channel.sites("receive"), channel.sites("send")
    assert receive.deferred and receive.deferrer not in (-1, receive.body, send.body)
    assert send.deferrer == -1


def test_responses_and_pipes_are_listed(rewriter: Rewriter) -> None:
    text = 'a, _ := http.Get("x")\nb, _ := http.Get("y")\ndefer b.Body.Close()\n_ = a\nr, w := io.Pipe()\nw.Close()\n_ = r\n'
    facts = ask(rewriter, text, "select", 1)
    named = {facts.variables[i].name: facts.variables[i] for i in facts.resources}
    assert {name: variable.kind for name, variable in named.items()} == {
        "a": "response",
        "b": "response",
        "r": "pipe",
        "w": "pipe",
    }
    assert named["w"].sites("close")
    assert not named["r"].sites("close")


def test_types_of_other_modules_come_from_export_data(each_go: str | None, tmp_path: Path) -> None:
    go = find(each_go)
    (tmp_path / "lib").mkdir()
    (tmp_path / "go.mod").write_text("module example.com/far\n\ngo 1.23\n", encoding="utf-8")
    (tmp_path / "lib" / "lib.go").write_text(
        'package lib\n\nimport "sync"\n\ntype Group struct{ sync.WaitGroup }\n\nfunc Open() chan int { return make(chan int) }\n',
        encoding="utf-8",
    )
    done = go.run(["list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./lib"], tmp_path)
    exports = dict(line.split() for line in done.stdout.splitlines() if " " in line and not line.endswith(" "))
    text = 'package main\n\nimport "example.com/far/lib"\n\nfunc main() {\n\tvar g lib.Group\n\tg.Wait()\n\tc := lib.Open()\n\t<-c\n}\n'
    waits = [
        Goroutine(1, state, (Frame("main.main", "main.go", line, user=True),))
        for state, line in (("sync.WaitGroup.Wait", 7), ("chan receive", 9))
    ]
    facts = Rewriter(go.helper()).facts(parse_program(text), waits, exports=exports)
    group, channel = (facts.of(place) for place in facts.places)
    assert group is not None
    assert channel is not None
    assert (group.kind, group.type) == ("waitgroup", "sync.WaitGroup")
    assert (channel.kind, channel.unknown, [each.kind for each in channel.operations]) == (
        "channel",
        True,
        ["result", "receive"],
    )
    facts = Rewriter(go.helper()).facts(parse_program(text), waits)
    assert [place.found for place in facts.places] == [True, True]


# What may befall a value that is not used by its own name: the text, the line of the wait, and the kind and line of what does.
BENEATH = {
    "a generic type behind an interface": ("type tap[T any] struct{ c chan T }\n\nfunc (x *tap[T]) Close() error { close(x.c); return nil }\n\nv := &tap[int]{make(chan int)}\nall := []io.Closer{v}\ngo func() { <-v.c }()\nall[0].Close()\n", "chan receive", 7, ("close", 3, False)),
    "a generic interface": ("type filler[T any] interface{ Put(T) }\ntype cup struct{ c chan int }\n\nfunc (x cup) Put(v int) { x.c <- v }\n\nfunc fill[T any](f filler[T], v T) { f.Put(v) }\n\nv := cup{make(chan int)}\ngo fill[int](v, 1)\n<-v.c\n", "chan receive", 10, ("send", 4, False)),
    "a generic interface of another type": ("type filler interface{ Put(string) }\ntype cup[T any] struct{ c chan int }\n\nfunc (x cup[T]) Put(v int) { x.c <- v }\n\nfunc fill(f filler) { f.Put(\"\") }\n\nv := cup[int]{make(chan int)}\n<-v.c\n", "chan receive", 9, ("send", 4, True)),
    "an adapter": ("type step interface{ do() }\ntype call func(chan int)\n\nvar c = make(chan int)\n\nfunc (f call) do() { f(c) }\n\nsteps := map[string]step{\"\": call(func(x chan int) { close(x) })}\ngo steps[\"\"].do()\n<-c\n", "chan receive", 10, ("close", 8, False)),
    "a channel with a method": ("type bell chan int\n\nfunc (b bell) ring() { close(b) }\n\ntype ringer interface{ ring() }\n\nb := make(bell)\nall := []ringer{b}\nall[0].ring()\n<-b\n", "chan receive", 10, ("close", 3, False)),
    "a library that keeps it": ("var m sync.Map\nc := make(chan int)\nm.Store(1, c)\nx, _ := m.Load(1)\nclose(x.(chan int))\n<-c\n", "chan receive", 6, ("close", 5, False)),
    "a type switch": ("c := make(chan int)\nvar l list.List\nl.PushBack(c)\nswitch x := l.Front().Value.(type) {\ncase chan int:\n\tclose(x)\n}\n<-c\n", "chan receive", 8, ("close", 6, False)),
    "a key": ("c := make(chan int)\nm := map[any]bool{}\nm[c] = true\nfor k := range m {\n\tclose(k.(chan int))\n}\n<-c\n", "chan receive", 7, ("close", 5, False)),
    "a Done beside a literal": ("var wg sync.WaitGroup\nall := []func(){func() {}, wg.Done}\nfor _, f := range all {\n\tf()\n}\nwg.Wait()\n", "sync.WaitGroup.Wait", 6, ("done-call", 4, False)),
    "a Done behind an interface": ("type doner interface{ Done() }\n\nfunc work(d doner) { d.Done() }\n\nvar wg sync.WaitGroup\nwork(&wg)\nwg.Wait()\n", "sync.WaitGroup.Wait", 7, ("done-call", 3, False)),
    "a Done of an embedded one": ("type doner interface{ Done() }\ntype crew struct{ sync.WaitGroup }\n\nc := &crew{}\nvar d doner = c\nd.Done()\nc.Wait()\n", "sync.WaitGroup.Wait", 7, ("done-call", 6, False)),
    "an Unlock handed on twice": ("var mu sync.Mutex\nfree := mu.Unlock\ntime.AfterFunc(1, free)\nmu.Lock()\n", "sync.Mutex.Lock", 4, ("unlock-value", 3, False)),
    "an RLocker": ("var mu sync.RWMutex\nl := mu.RLocker()\nl.Lock()\nl.Unlock()\nmu.Lock()\n", "sync.RWMutex.Lock", 5, ("runlock", 4, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", BENEATH)
def test_what_befalls_a_value_by_another_name(rewriter: Rewriter, name: str) -> None:
    text, state, line, befalls = BENEATH[name]
    variable = subject(ask(rewriter, text, state, line))
    assert befalls in [(each.kind, each.line, each.uncalled) for each in variable.operations]


def test_methods_that_nobody_calls(rewriter: Rewriter) -> None:
    text = "type w struct{ quit chan int }\n\nfunc (x *w) run()  { <-x.quit }\nfunc (x *w) Stop() { close(x.quit) }\n\nv := &w{make(chan int)}\ngo v.run()\n"
    channel = subject(ask(rewriter, text, "chan receive", 3))
    assert [(method.name, method.type, method.called) for method in channel.methods] == [("Stop", "w", False)]
    assert [each.uncalled for each in channel.sites("close")] == [True]
    channel = subject(ask(rewriter, text + "v.Stop()\n", "chan receive", 3))
    assert [method.called for method in channel.methods] == [True]


def test_packages_of_one_program_know_each_other(rewriter: Rewriter) -> None:
    for module in ("-- go.mod --\nmodule example.com/m\n", ""):
        text = f'{module}-- main.go --\npackage main\n\nimport "example.com/m/q"\n\nfunc main() {{\n\tc := make(chan int)\n\tgo q.Wait(c)\n}}\n-- q/q.go --\npackage q\n\nfunc Wait(c chan int) {{\n\t<-c\n}}\n'
        program = parse_program(text)
        waiting = Goroutine(
            1, "chan receive", (Frame("q.Wait", "q/q.go", 4, user=True),), Frame("main.main", "main.go", 7, user=True)
        )
        facts = rewriter.facts(program, [waiting])
        channel = subject(facts)
        assert (channel.name, channel.file, channel.line) == ("c", "main.go", 6)
        assert facts.places[0].started is not None
        assert facts.places[0].started.text == "go q.Wait(c)"


def test_what_is_not_found_is_said_so(rewriter: Rewriter) -> None:
    facts = ask(rewriter, "x()\n", "chan receive", 99)
    assert (facts.places[0].found, facts.of(facts.places[0])) == (False, None)
    assert rewriter.facts(parse_program("}{"), [Goroutine(1, "select", ())]).places[0].found is False


def test_damaged_programs_break_nothing(rewriter: Rewriter) -> None:
    random_ = random.Random(11)
    for case in leaky_cases():
        tokens = re.findall(r"\w+|\s+|[^\w\s]", case.main)
        for _ in range(3):
            damaged = list(tokens)
            for _ in range(random_.randrange(1, 6)):
                i = random_.randrange(len(damaged))
                damaged[i : i + random_.randrange(3)] = random_.choice(
                    ([], ["}"], ["("], ["func"], ["\n"], [damaged[i]] * 2)
                )
            text = "".join(damaged)
            try:
                program = parse_program(text)
                prepared = rewriter.prepare(program)
            except UsageError:
                continue
            assert prepared.original.main_text == text
            assert rewriter.facts(program, leaks_of(case)).problem == ""
