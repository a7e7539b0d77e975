"""Packages of the user's own module: patterns, tests inside and outside of the package, build tags, cgo; nothing is written."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from jupyter_goleak import BuildError, UsageError, check
from jupyter_goleak.errors import ToolchainError
from jupyter_goleak.events import Ended, Finished
from jupyter_goleak.experiment import Experiment
from jupyter_goleak.options import Options
from jupyter_goleak.program import parse_program, read_program
from jupyter_goleak.view.text import to_text
from jupyter_goleak.view.words import Words

pytestmark = pytest.mark.toolchain

MODULE = """\
-- go.mod --
module example.com/shop

go 1.23
-- stock/stock.go --
package stock

func Watch(changes chan int) {
	go func() { changes <- 1 }()
}
-- stock/stock_test.go --
package stock

import "testing"

func TestWatch(t *testing.T) { Watch(make(chan int)) }
-- stock/outside_test.go --
package stock_test

import (
	"testing"

	"example.com/shop/stock"
)

func TestOutside(t *testing.T) { stock.Watch(make(chan int)) }
-- till/till.go --
package till

func Sum(a, b int) int { return a + b }
-- till/till_test.go --
package till

import "testing"

func TestSum(t *testing.T) {
	if Sum(1, 2) != 3 {
		t.Fatal("wrong")
	}
}
-- tagged/main.go --
//go:build leaky

package main

func main() { go func() { select {} }() }
"""


# What `go run FILE` runs, and what it needs for that.
FILES = """\
-- alone/main.go --
package main

import _ "embed"

//go:embed data.txt
var data string

func main() { print(data) }
-- alone/data.txt --
beside
-- alone/only_plan9.go --
package main

func main() { print("named") }
-- alone/only_windows.go --
//go:build windows

package main

func main() { print("named") }
-- alone/lone_test.go --
package alone_test

import (
	_ "embed"
	"os"
	"testing"
)

//go:embed data.txt
var data string

func TestData(t *testing.T) {
	read, _ := os.ReadFile("data.txt")
	if data != "beside\\n" || string(read) != data {
		t.Fatal(data, read)
	}
	go func() { select {} }()
}
-- module/go.mod --
module example.com/tower

go 1.23
-- module/main.go --
package main

import "example.com/tower/internal/bell"

func main() { bell.Ring() }
-- module/internal/bell/bell.go --
package bell

func Ring() {
	print("rings")
	go func() { select {} }()
}
-- module/internal/bell/bell_test.go --
package bell

import "testing"

func TestRing(t *testing.T) { Ring() }
-- module/tools/one.go --
package main

import "example.com/tower/internal/bell"

func main() { bell.Ring() }
-- module/tools/two.go --
package main

func main() { print("two") }
-- module/internal/bell/generate.go --
//go:build ignore

package main

import "example.com/tower/internal/bell"

func main() { bell.Ring() }
-- work/go.work --
go 1.23

use (
	./a
	./b
)
-- work/a/go.mod --
module example.com/a

go 1.23
-- work/a/main.go --
package main

import "example.com/b"

func main() { print(b.Word) }
-- work/b/go.mod --
module example.com/b

go 1.23
-- work/b/b.go --
package b

const Word = "workspace"
-- work/script.go --
package main

import "example.com/b"

func main() { print(b.Word) }
-- vendored/go.mod --
module example.com/shop

go 1.23

require example.com/b v1.0.0
-- vendored/main.go --
package main

import "example.com/b"

func main() { print(b.Word) }
-- vendored/vendor/modules.txt --
# example.com/b v1.0.0
## explicit; go 1.23
example.com/b
-- vendored/vendor/example.com/b/b.go --
package b

const Word = "vendored"
-- pair/main.go --
package main

func main() { help() }
-- pair/help.go --
package main

func help() { print("helped") }
"""


def lay(folder: Path, archive: str) -> Path:
    for file in parse_program(archive).files:
        place = folder / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.text)
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def proxy(folder: Path) -> Path:
    """A module proxy that has one module, example.com/far."""
    versions = folder / "example.com" / "far" / "@v"
    versions.mkdir(parents=True)
    (versions / "list").write_text("v1.0.0\n")
    (versions / "v1.0.0.info").write_text('{"Version": "v1.0.0"}')
    (versions / "v1.0.0.mod").write_text("module example.com/far\n")
    with zipfile.ZipFile(versions / "v1.0.0.zip", "w") as archive:
        archive.writestr("example.com/far@v1.0.0/go.mod", "module example.com/far\n")
        archive.writestr("example.com/far@v1.0.0/far.go", 'package far\n\nconst Word = "fetched"\n')
    return folder


@pytest.fixture
def module(tmp_path: Path) -> Path:
    return lay(tmp_path, MODULE)


@pytest.mark.parametrize(
    ("name", "said", "leaking"),
    [
        ("alone/main.go", "beside\n", []),
        ("alone/only_plan9.go", "named", []),
        ("alone/only_windows.go", "named", []),
        ("module/main.go", "rings", ["internal/bell/bell.go"]),
        ("module/tools/one.go", "rings", ["../internal/bell/bell.go"]),
        ("module/tools/two.go", "two", []),
        ("module/internal/bell/generate.go", "rings", ["bell.go"]),
        ("work/a/main.go", "workspace", []),
        ("work/script.go", "workspace", []),
        ("vendored/main.go", "vendored", []),
        ("pair", "helped", []),
    ],
)
def test_a_file_is_built_where_it_stands(
    name: str, said: str, leaking: list[str], tmp_path: Path, each_go: str | None
) -> None:
    lay(tmp_path, FILES)
    before = contents(tmp_path)
    report = check(tmp_path / name, go=each_go, no_fix=True)
    assert report.original is not None, report.error
    assert report.original.stderr == said
    assert [leak.file for leak in report.leaks] == leaking
    assert contents(tmp_path) == before


def test_a_test_file_of_its_own_is_run_in_its_folder(tmp_path: Path, each_go: str | None) -> None:
    report = check(lay(tmp_path, FILES) / "alone" / "lone_test.go", go=each_go, no_fix=True)
    assert report.original is not None, report.error
    assert "PASS" in report.original.stdout
    (leak,) = report.leaks
    assert (leak.test, leak.function, leak.line) == ("TestData", "alone_test.TestData.func1", 17)


def test_a_folder_may_be_reached_by_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go: str) -> None:
    lay(tmp_path, FILES)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "module")
    monkeypatch.chdir(link)
    monkeypatch.setenv("PWD", str(link))
    assert check(".", no_fix=True).verdict == "leak"


def test_a_link_to_a_file_is_built_where_the_link_stands(tmp_path: Path, go: str) -> None:
    lay(tmp_path, FILES)
    (tmp_path / "alone" / "linked.go").symlink_to(tmp_path / "module" / "tools" / "two.go")
    (tmp_path / "alone" / "more.go").symlink_to(tmp_path / "work" / "a" / "main.go")
    report = check(tmp_path / "alone" / "linked.go", no_fix=True)
    assert report.original is not None and report.original.stderr == "two"
    report = check(tmp_path / "alone" / "more.go", no_fix=True)
    assert report.error is not None and "example.com/b" in report.error.message


def test_a_pattern_runs_the_tests_of_all_packages(module: Path) -> None:
    before = contents(module)
    report = check(f"{module}/...")
    assert [(leak.test, leak.file, leak.line) for leak in report.leaks] == [
        ("TestOutside", "stock/stock.go", 4),
        ("TestWatch", "stock/stock.go", 4),
    ]
    assert {leak.explanation.partition(" for ")[0] for leak in report.leaks} == {
        "1 goroutine waits in `changes <- 1` (line 4)"
    }
    assert report.original is not None
    assert "# stock\n" in report.original.stdout and "# till\n" in report.original.stdout
    assert contents(module) == before


@pytest.mark.parametrize(("name", "file"), [("till", "till.go"), ("tagged/main.go", "main.go")])
def test_a_syntax_error_names_the_users_file(name: str, file: str, module: Path, go: str) -> None:
    (module / "till" / "till.go").write_text("package till\n\nfunc sums( {}\n")
    (module / "tagged" / "main.go").write_text("package main\n\nfunc main( {}\n")
    report = check(module / name)
    assert report.error is not None
    assert (report.error.line, report.error.message.partition(" ")[0]) == (3, f"{file}:3:12:")


def test_a_library_without_tests_is_nothing_to_run(module: Path, go: str) -> None:
    (module / "till" / "till_test.go").unlink()
    for path in (module / "till", module / "till" / "till.go"):
        with pytest.raises(UsageError, match=r"^till\.go: Package till is a library, with nothing to run: "):
            check(path)


@pytest.mark.parametrize("name", ["slow_test.go", "till_plan9.go"])
def test_a_file_that_its_package_leaves_out_is_not_passed_by_in_silence(name: str, module: Path, go: str) -> None:
    (module / "till" / "till_plan9.go").write_text("package till\n")
    (module / "till" / "slow_test.go").write_text(
        '//go:build slow\n\npackage till\n\nimport "testing"\n\nfunc TestSlow(t *testing.T) {}\n'
    )
    with pytest.raises(UsageError, match=f"^{name} is kept out of its package .* --tags"):
        check(module / "till" / name)
    assert check(module / "till" / "till_test.go").verdict == "clean"
    report = check(module / "till" / "slow_test.go", tags="slow")
    assert report.original is not None and "TestSlow" in report.original.stdout


@pytest.mark.parametrize("toolchain", ["local", "auto"])
def test_a_module_that_wants_another_go_says_which(
    toolchain: str, module: Path, monkeypatch: pytest.MonkeyPatch, go: str
) -> None:
    (module / "go.mod").write_text("module example.com/shop\n\ngo 1.99\n")
    monkeypatch.setenv("GOTOOLCHAIN", toolchain)
    monkeypatch.setenv("GOPROXY", "off")
    try:
        report = check(module / "till", go=go)
    except ToolchainError as problem:
        said = str(problem)
    else:
        assert report.error is not None
        said = report.error.message
    assert re.search(r"[Gg]o ?1\.99\b", said)
    assert said.endswith(" install that Go, name it with --go, or lower the go line in go.mod.")


def test_stacks_name_files_whatever_goflags_says(module: Path, monkeypatch: pytest.MonkeyPatch, go: str) -> None:
    monkeypatch.setenv("GOFLAGS", "-trimpath")
    report = check(module / "stock", no_fix=True)
    assert {(leak.file, leak.line) for leak in report.leaks} == {("stock.go", 4)}


def test_a_package_outside_of_the_workspace_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go: str
) -> None:
    lay(tmp_path, FILES)
    monkeypatch.setenv("GOWORK", str(tmp_path / "work" / "go.work"))
    report = check(tmp_path / "module" / "internal" / "bell" / "bell_test.go", no_fix=True)
    assert report.error is not None
    assert report.error.message.startswith("current directory is contained in a module that is not one of")


def test_build_tags_choose_what_is_built(module: Path) -> None:
    assert check(module / "tagged", tags="leaky").verdict == "leak"
    without = check(module / "tagged")
    assert without.error is not None and "--tags" in without.error.message


def test_a_folder_without_go_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no Go file in"):
        check(tmp_path)


def test_a_package_with_nothing_to_run_is_a_clear_error(module: Path) -> None:
    (module / "till" / "till_test.go").write_text("//go:build plan9\n\npackage till\n")
    (module / "stock" / "stock_test.go").unlink()
    (module / "stock" / "outside_test.go").unlink()
    with pytest.raises(UsageError, match="neither func main nor tests for this system"):
        check(module / "till")
    with pytest.raises(UsageError, match="is a library, with nothing to run"):
        check(module / "stock")


def test_a_compile_error_names_the_users_file(module: Path) -> None:
    (module / "till" / "till_test.go").write_text("package till\n\nvar _ = missing\n")
    with pytest.raises(BuildError) as caught:
        list(Experiment(read_program(module / "till")).events())
    assert str(caught.value) == "till_test.go:3:9: undefined: missing"
    assert caught.value.messages[0].source_line == "var _ = missing"


def test_a_package_that_does_not_build_keeps_no_other_from_being_told(module: Path) -> None:
    (module / "till" / "till_test.go").write_text("package till\n\nvar _ = missing\nvar _ = absent\n")
    report = check(f"{module}/...")
    assert report.error is not None
    assert (report.verdict, report.error.kind) == ("build-error", "build")
    assert report.error.message.splitlines() == [
        "Package till: till_test.go:3:9: undefined: missing",
        "Package till: till_test.go:4:9: undefined: absent",
    ]
    assert [leak.test for leak in report.leaks] == ["TestOutside", "TestWatch"]
    text = to_text(report, Words("en"))
    assert all(line in text for line in report.error.message.splitlines()) and "TestWatch" in text


def test_what_was_explored_is_told_of_all_packages(module: Path) -> None:
    run = check(f"{module}/...", explore=2).original
    assert run is not None
    assert (run.explored.runs, run.explored.leaking) == (4, 2)
    assert run.explored.seed is not None


@pytest.mark.skipif(not shutil.which("gcc"), reason="cgo needs a C compiler")
def test_cgo_works(tmp_path: Path) -> None:
    source = """\
package main

// static int twice(int n) { return 2 * n; }
import "C"

import "fmt"

func main() {
	go func() { select {} }()
	fmt.Println(C.twice(21))
}
"""
    report = check(source)
    assert report.original is not None
    assert (report.verdict, report.original.stdout) == ("leak", "42\n")


def test_a_module_is_not_asked_of_others_for_what_is_its_own(tmp_path: Path, go: str) -> None:
    text = 'package main\n\nimport _ "example.com/tower/internal/drum"\n\nfunc main() {}\n'
    (lay(tmp_path, FILES) / "module" / "tools" / "two.go").write_text(text)
    report = check(tmp_path / "module" / "tools" / "two.go")
    assert report.error is not None
    assert "no required module provides package example.com/tower/internal/drum" in report.error.message


@pytest.mark.parametrize("flags", ["-modcacherw", "-modcacherw -mod=mod"])
@pytest.mark.parametrize("name", ["alone/main.go", "module/tools/two.go"])
def test_what_a_file_imports_is_fetched_without_a_trace(
    flags: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    go: str,
) -> None:
    text = 'package main\n\nimport "example.com/far"\n\nfunc main() { print(far.Word) }\n'
    (lay(tmp_path, FILES) / name).write_text(text)
    before = contents(tmp_path)
    monkeypatch.setenv("GOFLAGS", flags)
    monkeypatch.setenv("GOMODCACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("GOPROXY", proxy(tmp_path_factory.mktemp("proxy")).as_uri())
    monkeypatch.setenv("GONOSUMDB", "example.com")
    report = check(tmp_path / name, no_fix=True)
    assert report.original is not None, report.error
    assert report.original.stderr == "fetched"
    assert contents(tmp_path) == before


def test_modules_that_cannot_be_fetched_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    monkeypatch.setenv("GOFLAGS", "-modcacherw")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path))
    report = check('package main\n\nimport _ "golang.org/x/sync/errgroup"\n\nfunc main() {}\n')
    assert report.error is not None
    assert "golang.org/x/sync/errgroup" in report.error.message
    assert "could not be fetched" in report.error.message


def test_modules_are_fetched_where_the_proxy_can_be_reached() -> None:
    source = """\
package main

import (
	"fmt"

	"golang.org/x/sync/errgroup"
)

func main() {
	var group errgroup.Group
	group.Go(func() error { return nil })
	fmt.Println(group.Wait())
}
"""
    report = check(source)
    if report.error is not None and "could not be fetched" in report.error.message:
        pytest.skip("the module proxy cannot be reached from here")
    assert report.original is not None
    assert (report.verdict, report.original.stdout) == ("clean", "<nil>\n")


def test_tests_from_outside_are_read_as_part_of_the_package(tmp_path: Path, each_go: str | None) -> None:
    archive = """\
-- belt.go --
package belt

type Belt struct{ parcels chan string }

func New() *Belt {
	b := &Belt{parcels: make(chan string)}
	go func() {
		for range b.parcels {
		}
	}()
	return b
}

func (b *Belt) Stop() { close(b.parcels) }
-- belt_test.go --
package belt_test

import (
	"MODULE"
	"testing"
)

func TestStopped(t *testing.T) { belt.New().Stop() }

func TestLeftOn(t *testing.T) { belt.New() }
"""
    for module in ("example.com/works/belt", ""):
        folder = tmp_path / (module or "alone").replace("/", "-")
        lay(folder, archive.replace("MODULE", module or "belt"))
        if module:
            (folder / "go.mod").write_text(f"module {module}\n\ngo 1.23\n", encoding="utf-8")
        (leak,) = check(folder, no_fix=True, go=each_go, settle=0.3).leaks
        assert leak.test == "TestLeftOn"
        assert "is closed only at line 14, and this one was not" in leak.explanation


QUEUE = """\
-- go.mod --
module example.com/post

go 1.23
-- main.go --
package main

import q "example.com/post/queue"

func main() {
	letters := q.New()
	go func() {
		for range letters.In {
		}
	}()
	letters.Push("card")
}
-- queue/queue.go --
package queue

type Queue struct{ In chan string }

func New() *Queue { return &Queue{make(chan string)} }

func (q *Queue) Push(letter string) { q.In <- letter }
"""


def test_a_line_of_another_file_is_told_with_it_and_no_name_of_its(each_go: str | None) -> None:
    (leak,) = check(QUEUE, no_fix=True, go=each_go, settle=0.3).leaks
    assert "`In`, made at line 5 of queue/queue.go, is never closed" in leak.explanation
    assert leak.explanation.endswith("Whoever sends the last value should close the channel.")


def test_a_file_of_tests_that_is_named_is_tested(tmp_path: Path) -> None:
    archive = """\
-- go.mod --
module ring
-- main.go --
package main

func main() { println("main ran") }
-- main_test.go --
package main

import "testing"

func TestRing(t *testing.T) { go func() { select {} }() }
"""
    folder = lay(tmp_path, archive)
    report = check(folder / "main_test.go", no_fix=True)
    assert report.original is not None, report.error
    assert [leak.test for leak in report.leaks] == ["TestRing"]
    assert "main ran" not in report.original.stderr
    whole = check(folder, no_fix=True)
    assert whole.original is not None and whole.original.stderr == "main ran\n"


def test_line_directives_of_a_single_file_hold(tmp_path: Path, each_go: str | None) -> None:
    (tmp_path / "main.go").write_text(
        "package main\n\nfunc main() {\n\tc := make(chan int)\n//line gen.y:100\n\tgo func() {\n\t\tc <- 1\n\t}()\n}\n"
    )
    (leak,) = check(tmp_path / "main.go", no_fix=True, go=each_go, settle=0.3).leaks
    assert (leak.file, leak.line, leak.go_file, leak.go_line) == ("gen.y", 101, "gen.y", 100)


def test_a_pattern_outside_of_any_module_says_what_is_missing(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.go").write_text("package main\n\nfunc main() {}\n")
    with pytest.raises(UsageError, match=r"There is no go\.mod in .*run `go mod init`"):
        check(f"{tmp_path}/...")


def test_tests_find_the_godebug_that_they_were_given(monkeypatch: pytest.MonkeyPatch, each_go: str | None) -> None:
    source = """\
package g

import (
	"fmt"
	"os"
	"testing"
)

func TestEnv(t *testing.T) {
	value, found := os.LookupEnv("GODEBUG")
	fmt.Printf("GODEBUG %q %t\\n", value, found)
}
"""
    for value, told in ((None, '"" false'), ("madvdontneed=1", '"madvdontneed=1" true')):
        monkeypatch.delenv("GODEBUG", raising=False)
        if value:
            monkeypatch.setenv("GODEBUG", value)
        report = check(source, go=each_go)
        assert report.original is not None and f"GODEBUG {told}\n" in report.original.stdout


def test_a_pattern_that_is_stopped_says_that_packages_are_missing(module: Path) -> None:
    experiment = Experiment(read_program(module / "..."), Options())
    for event in experiment.events():
        if isinstance(event, Ended):
            experiment.stop()
        elif isinstance(event, Finished):
            assert event.report.original is not None
            assert event.report.original.note == "It was stopped before all packages had been run."


def test_the_program_embeds_what_its_archive_holds_byte_by_byte() -> None:
    archive = """\
-- go.mod --
module example.com/notes

go 1.23
-- main.go --
package main

import (
	_ "embed"
	"fmt"
)

//go:embed notes.txt
var notes string

func main() { fmt.Printf("%q", notes) }
-- notes.txt --
one
two
"""
    run = check(archive.replace("\n", "\r\n"), no_fix=True).original
    assert run is not None
    assert run.stdout == '"one\\r\\ntwo\\r\\n"'
