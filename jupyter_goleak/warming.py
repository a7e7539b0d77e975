"""A first build without a wait: Go's build cache is filled while the notebook's reader still reads."""

from __future__ import annotations

import atexit
import contextlib
import tempfile
import threading
from pathlib import Path

from jupyter_goleak.errors import BuildError, ToolchainError
from jupyter_goleak.go_process import ALL
from jupyter_goleak.toolchain import find, module_file

_END_S = 5

# What most programs in notebooks import.
_WARM_PROGRAM = """package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	_ "runtime/coverage"
	"strings"
	"sync"
	"time"
)

func main() {
	var wait sync.WaitGroup
	wait.Wait()
	fmt.Fprintln(os.Stderr, context.Background(), runtime.NumCPU(), strings.ToUpper("warm"), time.Now())
}
"""


def warm(command: str | None = None) -> threading.Thread:
    """Fill Go's build cache and build the helper in the background, in silence. Returns the thread that does it.

    The race detector's standard library comes last, where there is cgo, and gives way to everything else.

    It does not outlive this Python, and leaves nothing half done behind.
    """

    def fill() -> None:
        with (
            contextlib.suppress(ToolchainError, BuildError, OSError),
            tempfile.TemporaryDirectory(prefix="goleak-warm-") as scratch,
        ):
            toolchain = find(command)
            toolchain.helper()
            folder = Path(scratch)
            (folder / "go.mod").write_text(module_file(toolchain), encoding="utf-8")
            (folder / "main.go").write_text(_WARM_PROGRAM, encoding="utf-8")
            with toolchain.start_build(folder, folder / "warm", {}) as build:
                build.wait()
            # What only the proof of a fix needs takes far longer; it must not be in the way of a cell.
            with toolchain.start_vet(folder, {}) as vet:
                vet.give_way()
                vet.wait()
            if toolchain.cgo:
                with toolchain.start_build(folder, folder / "warm", {}, race=True) as build:
                    build.give_way()
                    build.wait()

    thread = threading.Thread(target=fill, name="goleak-warm", daemon=True)
    thread.start()
    atexit.register(_end, thread)
    return thread


def _end(thread: threading.Thread) -> None:
    """End the thread that warms the cache: without its compiler it gives up, and tidies up."""
    ALL.end()
    thread.join(_END_S)
