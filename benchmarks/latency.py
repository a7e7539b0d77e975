"""How long one waits for the verdict: a warm cell, from its submission to the verdict on both variants, over `go run`.

The cell runs in a real kernel, with the live view, as a front end asks for it; `go run` runs the same file, warm, with
the same toolchain. Both are measured in pairs, one after the other.

    python benchmarks/latency.py [--pairs N] [PROGRAM ...]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from jupyter_goleak import toolchain

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "01-abandoned-receivers.ipynb"
PATIENCE_S = 600


def notebook_program(path: Path = NOTEBOOK) -> str:
    """The Go program of a notebook's first `%%goleak` cell."""
    sources = ("".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"])
    return next(source.partition("\n")[2] for source in sources if source.startswith("%%goleak"))


def latency(program: str, pairs: int) -> list[float]:
    """Ratios of the waiting times, pair by pair."""
    go = toolchain.find()
    ratios = []
    with tempfile.TemporaryDirectory(prefix="goleak-latency-") as folder, _kernel() as client:
        file = Path(folder) / "main.go"
        file.write_text(program, encoding="utf-8")
        _wait(client, "%load_ext jupyter_goleak")
        for pair in range(pairs + 1):
            begun = time.perf_counter()
            subprocess.run([go.command, "run", file], env=go.environment(), stdout=subprocess.DEVNULL, check=True)
            plain = time.perf_counter() - begun
            watched = _wait(client, "%%goleak\n" + program)
            if pair:  # the first one warms the caches
                ratios.append(watched / plain)
    return ratios


def _wait(client: BlockingKernelClient, code: str) -> float:
    """Seconds from the cell's submission until the last thing that it shows."""
    begun = time.perf_counter()
    request = client.execute(code, allow_stdin=True)
    last = begun
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE_S)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "error":
            raise RuntimeError("\n".join(message["content"]["traceback"]))
        if message["msg_type"] == "update_display_data":
            last = time.perf_counter()
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            client.get_shell_msg(timeout=PATIENCE_S)
            return last - begun


@contextmanager
def _kernel() -> Iterator[BlockingKernelClient]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    manager, client = start_new_kernel(env=environment)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("programs", nargs="*", type=Path, metavar="PROGRAM")
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    for path in given.programs or [NOTEBOOK]:
        program = notebook_program(path) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
        ratios = latency(program, given.pairs)
        print(f"{path.name:28} {statistics.median(ratios):.3f}   {[round(ratio, 3) for ratio in ratios]}")


if __name__ == "__main__":
    main()
