"""The engine on real Go: what it finds, how programs end and are ended, and that nothing of it stays."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_goleak.errors import BuildError, UsageError
from jupyter_goleak.experiment import Experiment, check
from jupyter_goleak.program import parse_program
from jupyter_goleak.toolchain import find
from jupyter_goleak.view.words import Words, verdict_sentence

pytestmark = pytest.mark.toolchain


def test_the_program_sees_only_itself() -> None:
    source = """\
go func() { select {} }()
wrong := 0
for begin := time.Now(); time.Since(begin) < 400*time.Millisecond; {
	if runtime.NumGoroutine() != 2 {
		wrong++
	}
}
_, probed := os.LookupEnv("GOLEAK_PROBE")
fmt.Println(wrong, probed)
"""
    report = check(source, no_fix=True)
    assert report.original is not None
    assert report.original.stdout == "0 false\n"
    assert {mark.value for mark in report.original.marks} == {2}
    assert {mark.line for mark in report.original.marks} == {4}


def test_a_race_after_mains_end_is_told_by_its_places_and_nothing_else_is_that_comes_then(each_go: str | None) -> None:
    if not find(each_go).cgo:
        pytest.skip("the race detector needs cgo")
    source = """\
total := 0
go func() {
	time.Sleep(100 * time.Millisecond)
	for range 5000 {
		println("late, late, late")
	}
	total++
}()
go func() {
	time.Sleep(400 * time.Millisecond)
	total--
}()
fmt.Println("over")
"""
    run = check(source, race=True, go=each_go).original
    assert run is not None
    assert (run.verdict, run.exit_code, run.stdout) == ("crash", 66, "over\n")
    assert verdict_sentence(run, Words("en")) == "The race detector reported a data race: main.go:11, main.go:7."
    assert "late" not in run.stderr


def test_deep_stacks_are_not_walked_again_and_again(each_go: str | None) -> None:
    source = """\
package main

import "time"

func descend(steps int) int {
	if steps == 0 {
		for begin := time.Now(); time.Since(begin) < 2*time.Second; {
		}
		return 0
	}
	return descend(steps-1) + 1
}

func main() {
	descend(4_000_000)
}
"""
    run = check(source, no_fix=True, go=each_go).original
    assert run is not None
    deep = [each for each in run.snapshots if any("descend" in f.function for g in each.goroutines for f in g.frames)]
    # On its way down it may be seen, while that takes no time.
    assert len(deep) <= 2
    assert len(run.samples) > 10


@pytest.mark.parametrize("work", ["time.Sleep(time.Millisecond)", "total += 7"])
def test_stacks_that_are_not_deep_are_seen_often(work: str, each_go: str | None) -> None:
    source = f"""\
total := 0
for range 20 {{
	go func() {{ select {{}} }}()
}}
for begin := time.Now(); time.Since(begin) < 2*time.Second; {{
	{work}
}}
fmt.Println(total > 0)
"""
    run = check(source, no_fix=True, go=each_go).original
    assert run is not None
    assert sum(each.t < 2 for each in run.snapshots) > 10


def test_the_garbage_collector_has_hardly_more_to_scan(each_go: str | None, tmp_path: Path) -> None:
    source = """\
package main

import (
	"fmt"
	"runtime"
	"runtime/metrics"
)

func main() {
	globals := []metrics.Sample{{Name: "/gc/scan/globals:bytes"}}
	runtime.GC()
	metrics.Read(globals)
	fmt.Println(globals[0].Value.Uint64())
}
"""
    go = find(each_go)
    plain = tmp_path / "main.go"
    plain.write_text(source, encoding="utf-8")
    alone = subprocess.run([go.command, "run", plain], env=go.environment(), capture_output=True, check=True).stdout
    run = check(source, no_fix=True, go=each_go).original
    assert run is not None
    assert int(run.stdout) - int(alone) < 16 << 10


def test_options_reach_the_program() -> None:
    source = """\
text, _ := io.ReadAll(os.Stdin)
fmt.Printf("%q %q %q %d\\n", os.Args[1:], os.Getenv("TIER"), text, runtime.GOMAXPROCS(0))
"""
    report = check(source, args="-v 'two words'", env="TIER=gold", stdin="in\n", gomaxprocs=3)
    assert report.original is not None
    assert report.original.stdout == '["-v" "two words"] "gold" "in\\n" 3\n'


def test_a_program_that_does_not_compile_says_where() -> None:
    report = check("package main\n\nfunc main() {\n\tx := 1\n}\n")
    assert report.error is not None
    assert (report.verdict, report.error.kind, report.error.line) == ("build-error", "build", 4)
    assert "declared and not used: x" in report.error.message
    with pytest.raises(BuildError) as caught:
        list(Experiment(parse_program("package main\n\nfunc main() {\n\tx := 1\n}\n")).events())
    assert caught.value.messages[0].source_line == "\tx := 1"


def test_all_that_the_compiler_complains_of_is_told() -> None:
    report = check('package main\n\nimport "os"\n\nfunc main() {\n\tcount := 1\n\tsend()\n}\n')
    assert report.error is not None and report.error.line == 3
    assert report.error.message.splitlines() == [
        'main.go:3:8: "os" imported and not used',
        "main.go:6:2: declared and not used: count",
        "main.go:7:2: undefined: send",
    ]


def test_leaks_are_told_per_test(each_go: str | None) -> None:
    source = """\
package shop

import "testing"

func open(t *testing.T, orders chan int) {
	if t != nil {
		t.Helper()
	}
	go func() { orders <- 1 }()
}

func TestBuffered(t *testing.T) { open(t, make(chan int, 1)) }

func TestSold(*testing.T) { open(nil, make(chan int)) }

func TestParts(t *testing.T) {
	for _, part := range []string{"wheel", "new saddle"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			opened := make(chan struct{})
			go func() { open(t, make(chan int)); close(opened) }()
			<-opened
		})
	}
	t.Run("unnamed", func(*testing.T) { open(nil, make(chan int)) })
}

func FuzzNumber(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, _ int) { open(t, make(chan int)) })
}
"""
    report = check(source, go=each_go, settle=0.3)
    tests = ["FuzzNumber/seed#0", "TestParts", "TestParts/new_saddle", "TestParts/wheel", "TestSold"]
    assert [(leak.test, leak.count, leak.created_by) for leak in report.leaks] == [
        (test, 1, "shop.open") for test in tests
    ]


def test_a_test_that_panics_at_once_hides_nothing_of_those_before_it(each_go: str | None) -> None:
    source = """\
func TestForgets(t *testing.T) {
	letters := make(chan string)
	for range 3 {
		go func() { letters <- t.Name() }()
	}
	runtime.Gosched()
}

func TestPanics(t *testing.T) {
	panic("at once")
}
"""
    run = check(source, no_fix=True, go=each_go).original
    assert run is not None
    assert (run.verdict, sum(group.count for group in run.alive), run.leaks) == ("crash", 3, ())
    assert {(group.function, group.test) for group in run.alive} == {("program.TestForgets.func1", "TestForgets")}


def test_a_helper_of_a_test_allocates_nothing_for_being_watched(each_go: str | None) -> None:
    source = """\
package shop

import "testing"

func count(t *testing.T) {}

func TestCount(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { count(t) }); n != 0 {
		t.Fatal(n)
	}
}
"""
    assert check(source, go=each_go).verdict == "clean"


def test_functions_of_an_external_test_are_called_as_in_its_package() -> None:
    archive = """\
-- shop.go --
package shop

func Open(orders chan int) { go func() { orders <- 1 }() }
-- shop_test.go --
package shop_test

import (
	"shop"
	"testing"
)

func TestSold(t *testing.T) {
	shop.Open(make(chan int))
	go func() { select {} }()
}
"""
    alone = archive.partition("_test.go --\n")[2].replace("shop.Open(make(chan int))", "").replace('"shop"', "")
    assert {leak.function for leak in check(archive).leaks} == {"shop.Open.func1", "shop_test.TestSold.func1"}
    assert {leak.function for leak in check(alone).leaks} == {"shop_test.TestSold.func1"}


def test_who_computes_without_an_end_has_a_place(each_go: str | None) -> None:
    source = "\ngo spin()\n\nfunc spin() {\n\tfor true {\n\t}\n}\n\nfor { <-time.After(0); break }\nfor {\n}\n"
    run = check(source, go=each_go, for_="300ms", gomaxprocs=3).original
    assert run is not None
    assert {(group.function, group.line) for group in run.alive} == {("main.main", 10), ("main.spin", 5)}


def test_the_goroutine_that_runs_the_tests_is_none_of_the_programs(each_go: str | None) -> None:
    source = 'import "testing"\n\nfunc TestSlow(t *testing.T) { select {} }\n'
    run = check(source, go=each_go, for_="300ms").original
    assert run is not None
    assert [group.function for group in (*run.leaks, *run.alive)] == ["program.TestSlow"]


def test_a_package_is_built_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/till\n\ngo 1.23\n")
    app, stock = tmp_path / "cmd" / "till", tmp_path / "internal" / "stock"
    app.mkdir(parents=True)
    stock.mkdir(parents=True)
    (stock / "stock.go").write_text("package stock\n\nfunc Watch() {\n\tgo func() { select {} }()\n}\n")
    (app / "main.go").write_text(
        'package main\n\nimport (\n\t"example.com/till/internal/stock"\n\t"time"\n)\n\n'
        "func main() {\n\tstock.Watch()\n\ttime.Sleep(time.Millisecond)\n}\n"
    )
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    report = check(app)
    (leak,) = report.leaks
    assert (leak.evidence, leak.file, leak.line) == ("proven", "../../internal/stock/stock.go", 4)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"timeout": "soon"}, "'soon' is not a duration"),
        ({"go": "/nowhere/go"}, "There is no go command at '/nowhere/go'"),
        ({"patience": 3}, "has no option 'patience'"),
    ],
)
def test_wrong_use_is_one_sentence(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(Exception, match=sentence) as caught:
        check("package main\n\nfunc main() {}\n", **options)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, UsageError) or "go" in options


def test_where_there_is_no_room_for_files_of_ours_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as without:
        without.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        with pytest.raises(UsageError, match=r"cannot be written \(No such file or directory\): .* set TMPDIR"):
            check("select {}\n")
    monkeypatch.setattr("jupyter_goleak.workbench._write", full)
    with pytest.raises(UsageError, match=r"cannot be written \(No space left on device\): make room"):
        check("select {}\n")


@pytest.mark.parametrize("given", [None, 5, b"package main\n", ["main.go"]])
def test_what_is_no_program_at_all_is_one_sentence(given: Any) -> None:
    with pytest.raises(UsageError, match="is neither the text of a program nor a path"):
        check(given)


# The listener is told before it listens, or in time: it depends on who comes first.
HIDING = """\
package main

import "fmt"

func main() {
	told := make(chan string)
	go func() {
		select {
		case told <- "news":
		default:
		}
	}()
	got := make(chan string, 1)
	go func() { got <- <-told }()
	for range 2000 {
		select {
		case text := <-got:
			fmt.Println(text)
			return
		default:
		}
	}
}
"""


def test_a_leak_that_hides_shows_under_some_schedule() -> None:
    report = check(HIDING, no_fix=True, explore=20, seed=1)
    assert report.original is not None
    explored = report.original.explored
    assert (report.verdict, explored.runs, explored.seed) == ("leak", 20, 1)
    assert [(leak.evidence, leak.state, leak.line) for leak in report.leaks] == [("proven", "chan receive", 14)]


# Ten customers queue for a till whose cashier takes longer than the settling.
QUEUEING = """\
package main

import (
	"sync"
	"time"
)

var till sync.Mutex

func cashier() {
	till.Lock()
	defer till.Unlock()
	time.Sleep(30 * time.Second)
}

func customer() {
	till.Lock()
	defer till.Unlock()
}

func main() {
	go cashier()
	time.Sleep(10 * time.Millisecond)
	for range 10 {
		go customer()
	}
	time.Sleep(50 * time.Millisecond)
}
"""


def test_every_explored_run_is_weighed_as_the_first_is() -> None:
    report = check(QUEUEING, explore=4, seed=1)
    assert report.original is not None
    assert (report.verdict, report.original.explored.leaking) == ("clean", 0)
    assert [(group.count, group.line) for group in report.original.alive] == [(10, 17), (1, 13)]


LABELLED = """\
package main

import (
	"context"
	"runtime/pprof"
	"time"
)

func wait(orders chan int) { <-orders }

func spawn(tier string) {
	pprof.Do(context.Background(), pprof.Labels("tier", tier), func(context.Context) {
		go wait(make(chan int))
	})
}

func main() {
	spawn("gold")
	spawn("silver")
	time.Sleep(10 * time.Millisecond)
}
"""


def test_leaks_are_grouped_by_their_labels() -> None:
    assert {leak.labels for leak in check(LABELLED).leaks} == {(("tier", "gold"),), (("tier", "silver"),)}


def test_the_whole_chain_of_creators_is_told_where_it_was_recorded() -> None:
    explanations = [leak.explanation for leak in check(LABELLED, ancestry=True).leaks]
    assert all("`spawn.func1` ← `spawn` ← `main`" in explanation for explanation in explanations)


IN_PAIRS = """\
package main

import "time"

var orders = make(chan int)

func wait() { <-orders }

func pair() { go wait(); go wait() }

func main() {
	go pair()
	time.Sleep(10 * time.Millisecond)
}
"""


def test_a_go_statement_in_the_same_line_as_another_is_told_by_its_creator() -> None:
    explanations = [leak.explanation for leak in check(IN_PAIRS, ancestry=True).leaks]
    assert explanations
    assert all("`pair` ← `main`" in explanation for explanation in explanations)


def test_what_is_ignored_stays_visible_as_a_number() -> None:
    report = check(LABELLED, ignore=["^main[.]wait$"])
    assert report.original is not None
    assert (report.verdict, report.leaks, report.original.ignored) == ("clean", (), 2)
    assert report.original.to_dict()["ignored"] == 2
