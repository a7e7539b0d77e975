"""Packages of the user's own module: patterns, tests inside and outside of the package, build tags, cgo; nothing is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jupyter_goleak import BuildError, UsageError, check
from jupyter_goleak.experiment import Experiment
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


@pytest.fixture
def module(tmp_path: Path) -> Path:
    for file in parse_program(MODULE).files:
        place = tmp_path / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(file.text)
    return tmp_path


def test_a_pattern_runs_the_tests_of_all_packages(module: Path) -> None:
    before = {path: path.read_bytes() for path in module.rglob("*") if path.is_file()}
    report = check(f"{module}/...")
    assert [(leak.test, leak.file, leak.line) for leak in report.leaks] == [
        ("TestWatch", "stock/stock.go", 4),
        ("TestOutside", "stock/stock.go", 4),
    ]
    assert report.original is not None
    assert "# stock\n" in report.original.stdout and "# till\n" in report.original.stdout
    assert {path: path.read_bytes() for path in module.rglob("*") if path.is_file()} == before


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
    for name in ("till", "stock"):
        with pytest.raises(UsageError, match="neither func main nor tests"):
            check(module / name)


def test_a_compile_error_names_the_users_file(module: Path) -> None:
    (module / "till" / "till_test.go").write_text("package till\n\nvar _ = missing\n")
    with pytest.raises(BuildError) as caught:
        list(Experiment(read_program(module / "till")).events())
    assert str(caught.value) == "till_test.go:3:9: undefined: missing"
    assert caught.value.messages[0].source_line == "var _ = missing"


def test_a_package_that_does_not_build_keeps_no_other_from_being_told(module: Path) -> None:
    (module / "till" / "till_test.go").write_text("package till\n\nvar _ = missing\n")
    report = check(f"{module}/...")
    assert report.error is not None
    assert (report.verdict, report.error.kind) == ("build-error", "build")
    assert report.error.message == "Package till: till_test.go:3:9: undefined: missing"
    assert [leak.test for leak in report.leaks] == ["TestWatch", "TestOutside"]
    text = to_text(report, Words("en"))
    assert report.error.message in text and "TestWatch" in text


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
