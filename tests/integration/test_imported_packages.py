"""Goroutines that wait in other packages of the program's module: their text is read, too, wherever the program is seen from."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_goleak import check

pytestmark = pytest.mark.toolchain

BAKERY = {
    "go.mod": "module example.com/bakery\n\ngo 1.23\n",
    "cmd/shop/main.go": """\
package main

import (
	"fmt"
	"sync"
	"time"

	"example.com/bakery/internal/oven"
	"example.com/bakery/internal/patience"
)

func main() {
	o := oven.Heat()
	o.Bake("rolls")
	var guests sync.WaitGroup
	guests.Add(1)
	go func() {
		time.Sleep(time.Hour)
		guests.Done()
	}()
	go patience.Wait(&guests, time.Hour)
	time.Sleep(20 * time.Millisecond)
	fmt.Println("closed")
}
""",
    "internal/oven/oven.go": """\
package oven

import "fmt"

type Oven struct {
	trays chan string
	cold  chan struct{}
}

func Heat() *Oven {
	o := &Oven{trays: make(chan string), cold: make(chan struct{})}
	go o.bake()
	return o
}

func (o *Oven) bake() {
	for tray := range o.trays {
		fmt.Println("baked:", tray)
	}
	close(o.cold)
}

func (o *Oven) Bake(tray string) { o.trays <- tray }

func (o *Oven) Cool() {
	close(o.trays)
	<-o.cold
}
""",
    "internal/patience/patience.go": """\
package patience

import (
	"sync"
	"time"
)

func Wait(all *sync.WaitGroup, limit time.Duration) bool {
	gone := make(chan struct{})
	go func() {
		all.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return true
	case <-time.After(limit):
		return false
	}
}
""",
}


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    for name, text in BAKERY.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("seen", ["cmd/shop", "cmd/shop/main.go", "..."])
def test_what_waits_in_an_imported_package_has_its_reason(seen: str, bakery: Path, each_go: str | None) -> None:
    run = check(bakery / seen, settle=0.1, no_fix=True, go=each_go).original
    assert run is not None
    up = "" if seen == "..." else "../../"
    assert [(leak.file, leak.line) for leak in run.leaks] == [(f"{up}internal/oven/oven.go", 17)]
    assert "`Oven` has a method `Cool` (line 25) that would end it, and nothing calls it" in run.leaks[0].explanation
    patient = [group.line for group in run.alive if group.file == f"{up}internal/patience/patience.go"]
    assert sorted(patient) == [11, 14]


def test_a_library_of_others_is_none_of_them(bakery: Path) -> None:
    (bakery / "vendor/example.com/far").mkdir(parents=True)
    (bakery / "vendor/example.com/far/far.go").write_text(
        "package far\n\nfunc Call() {\n\tgo func() { select {} }()\n}\n", encoding="utf-8"
    )
    (bakery / "vendor/modules.txt").write_text("# example.com/far v1.0.0\n## explicit\nexample.com/far\n")
    (bakery / "go.mod").write_text(BAKERY["go.mod"] + "\nrequire example.com/far v1.0.0\n")
    (bakery / "cmd/shop/main.go").write_text(
        'package main\n\nimport "example.com/far"\n\nfunc main() { far.Call() }\n', encoding="utf-8"
    )
    run = check(bakery / "cmd/shop", no_fix=True).original
    assert run is not None
    assert [(leak.function, leak.file) for leak in run.leaks] == [("example.com/far.Call.func1", "")]
