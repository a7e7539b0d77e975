"""`%%goleak` in a real kernel, spoken to as a front end does: displays, interrupts, the background, a kernel that dies."""

from __future__ import annotations

import base64
import shutil
import signal
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

pytestmark = pytest.mark.toolchain

WIDGET = "application/vnd.jupyter.widget-view+json"
PATIENCE_S = 120

LEAKY = """
package main

import "fmt"

func main() {
	letters := make(chan string, 2)
	letters <- "a"
	letters <- "b"
	// close(letters)
	read := make(chan string, 2)
	for i := 0; i < 3; i++ {
		go func() {
			for letter := range letters {
				read <- letter
			}
		}()
	}
	fmt.Println(<-read + <-read != "")
}
"""

# Says that it runs by making the file that it is told, and then never ends.
ENDLESS = """
package main

import (
	"os"
	"time"
)

func main() {
	go func() { select {} }()
	os.WriteFile(os.Args[1], nil, 0o600)
	for {
		time.Sleep(time.Hour)
	}
}
"""


@dataclass
class Outcome:
    """What came back for one request: the reply's content, and the messages that went to its cell."""

    reply: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message["content"] for message in self.messages if message["msg_type"] == kind]


class Kernel:
    """One kernel and a client of it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.manager.provisioner.pid)

    def start(self, code: str, *, allow_stdin: bool = True) -> str:
        return self.client.execute(textwrap.dedent(code), allow_stdin=allow_stdin)

    def finish(self, request: str) -> Outcome:
        messages = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == request:
                return Outcome(reply["content"], messages)

    def run(self, code: str, *, allow_stdin: bool = True) -> Outcome:
        return self.finish(self.start(code, allow_stdin=allow_stdin))

    def value(self, expression: str) -> str:
        """The text of an expression's value in the kernel."""
        outcome = self.run(f"print({expression})")
        assert outcome.reply["status"] == "ok", outcome.reply
        return "".join(stream["text"] for stream in outcome.of("stream")).rstrip("\n")


@pytest.fixture
def start_kernel(go: str) -> Iterator[Callable[..., Kernel]]:
    started = []

    def start(*settings: str) -> Kernel:
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(extra_arguments=list(settings))
        client = manager.blocking_client()
        client.start_channels()
        started.append((manager, client))
        client.wait_for_ready(timeout=PATIENCE_S)
        return Kernel(manager, client)

    yield start
    for manager, client in started:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel()


@pytest.fixture
def kernel(start_kernel: Callable[..., Kernel]) -> Kernel:
    kernel = start_kernel()
    assert kernel.run("%load_ext jupyter_goleak").reply["status"] == "ok"
    return kernel


def programs_of(kernel: Kernel) -> list[psutil.Process]:
    """The Go programs that run under the kernel."""
    children = kernel.process.children(recursive=True)
    return [child for child in children if "goleak-" in child.exe()]


def still_of(outcome: Outcome) -> dict[str, str]:
    """The still form of the result, as it stands in the cell in the end."""
    (place,) = [shown for shown in outcome.of("display_data") if "display_id" in shown["transient"]]
    assert place["data"]["text/html"] == ""
    (final,) = outcome.of("update_display_data")
    assert final["transient"]["display_id"] == place["transient"]["display_id"]
    return final["data"]


def test_the_view_comes_first_and_the_still_form_at_the_end(kernel):
    outcome = kernel.run("%%goleak -o report" + LEAKY)
    assert outcome.reply["status"] == "ok"
    assert WIDGET in outcome.of("display_data")[0]["data"]
    still = still_of(outcome)
    assert "data:image/svg+xml;base64," in still["text/html"]
    assert "<script" not in still["text/html"]
    assert "`letters`, made at line 6, is never closed" in still["text/plain"]
    assert outcome.of("execute_result") == []
    assert outcome.of("error") == []


def test_the_cells_value_is_the_report_though_it_shows_but_once(kernel):
    outcome = kernel.run("%%goleak" + LEAKY)
    assert outcome.of("execute_result") == []
    assert kernel.value("type(_).__name__, _.verdict, _.fix.title") == "Report leak uncomment `close(letters)`"
    (again,) = kernel.run("Out[max(Out)]").of("execute_result")
    assert "`letters`, made at line 6, is never closed" in again["data"]["text/plain"]
    image = again["data"]["text/html"].partition("data:image/svg+xml;base64,")[2].partition('"')[0]
    assert base64.b64decode(image).lstrip().startswith(b"<")


def test_a_run_without_a_page_shows_the_still_form_alone(kernel):
    outcome = kernel.run("%%goleak" + LEAKY, allow_stdin=False)
    assert "<table" in still_of(outcome)["text/html"]
    assert not any(WIDGET in shown["data"] for shown in outcome.of("display_data"))


def test_quiet_shows_nothing_and_still_binds(kernel):
    outcome = kernel.run("%%goleak -q -o found" + LEAKY)
    kinds = {message["msg_type"] for message in outcome.messages}
    assert kinds == {"status", "execute_input"}
    assert kernel.value("found.verdict") == "leak"


def test_an_interrupt_ends_the_program_and_shows_what_was_seen(kernel, tmp_path, eventually):
    request = kernel.start(f"%%goleak -o report --no-fix --args {tmp_path / 'up'}" + ENDLESS)
    assert eventually((tmp_path / "up").exists, within=PATIENCE_S)
    kernel.manager.interrupt_kernel()
    outcome = kernel.finish(request)
    assert outcome.reply["status"] == "ok"
    assert outcome.of("error") == []
    assert [stream for stream in outcome.of("stream") if "Traceback" in stream["text"]] == []
    assert "<img" in still_of(outcome)["text/html"]
    assert kernel.value("report.original.stopped, report.original.samples != ()") == "user True"
    assert programs_of(kernel) == []
    assert kernel.value("1 + 1") == "2"


def test_an_interrupt_while_building_ends_the_cell(kernel, own_world, eventually):
    request = kernel.start("%%goleak --no-fix --tags never_built_before" + ENDLESS)
    assert eventually(lambda: any(own_world.glob("goleak-*")), within=PATIENCE_S)
    kernel.manager.interrupt_kernel()
    outcome = kernel.finish(request)
    assert "Interrupted while the program was being built." in outcome.of("stream")[0]["text"]
    assert outcome.of("error") == []
    assert kernel.value("1 + 1") == "2"


def test_the_stop_button_works_while_the_program_runs_in_the_background(kernel, tmp_path, eventually):
    outcome = kernel.run(f"%%goleak --background -o report --no-fix --args {tmp_path / 'up'}" + ENDLESS)
    assert outcome.reply["status"] == "ok"
    assert eventually((tmp_path / "up").exists, within=PATIENCE_S)
    assert kernel.value("'report' in globals()") == "False"
    (view,) = [shown["data"][WIDGET] for shown in outcome.of("display_data") if WIDGET in shown["data"]]
    content = {"comm_id": view["model_id"], "data": {"method": "custom", "content": {"do": "stop"}}}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", content))
    assert eventually(lambda: kernel.value("'report' in globals()") == "True", within=PATIENCE_S)
    assert kernel.value("report.original.stopped") == "user"


def test_what_runs_in_the_background_ends_with_the_extension(kernel, tmp_path, eventually):
    kernel.run(f"%%goleak --background -o report --no-fix --args {tmp_path / 'up'}" + ENDLESS)
    assert eventually((tmp_path / "up").exists, within=PATIENCE_S)
    kernel.run("%unload_ext jupyter_goleak")
    assert kernel.value("report.original.stopped") == "user"
    assert programs_of(kernel) == []


def test_a_shutdown_ends_what_runs_in_the_background(kernel, tmp_path, eventually):
    kernel.run(f"%%goleak --background --no-fix --args {tmp_path / 'up'}" + ENDLESS)
    assert eventually((tmp_path / "up").exists, within=PATIENCE_S)
    programs = programs_of(kernel)
    assert programs
    kernel.manager.shutdown_kernel()
    assert psutil.wait_procs(programs, timeout=PATIENCE_S)[1] == []


def test_the_program_ends_when_the_kernel_is_killed(kernel, tmp_path, own_world, eventually):
    kernel.start(f"%%goleak --no-fix --args {tmp_path / 'up'}" + ENDLESS)
    assert eventually((tmp_path / "up").exists, within=PATIENCE_S)
    programs = programs_of(kernel)
    assert programs
    kernel.process.send_signal(signal.SIGKILL)
    assert psutil.wait_procs(programs, timeout=PATIENCE_S)[1] == []
    # Who is killed cannot tidy up; what it leaves are folders in the temporary one.
    for left in own_world.glob("goleak-*"):
        shutil.rmtree(left)


def test_a_build_error_is_the_compilers_message_in_the_cells_lines(kernel):
    outcome = kernel.run("%%goleak\npackage main\n\nfunc main() {\n\tcrates := 1\n}\n")
    assert outcome.reply["status"] == "error"
    assert outcome.reply["ename"] == "GoBuildError"
    shown = "\n".join(outcome.of("error")[0]["traceback"])
    assert "main.go:4:2: declared and not used: crates" in shown
    assert "4 | \tcrates := 1" in shown
    assert "Traceback" not in shown
    assert outcome.of("clear_output")


def test_a_usage_error_shows_no_view(kernel):
    outcome = kernel.run("%%goleak --timeout soon\nx := 1")
    assert outcome.reply["status"] == "error"
    assert "UsageError" in outcome.of("stream")[0]["text"]
    assert outcome.of("display_data") == []


def test_options_complete(kernel):
    code = "%%goleak --ti\npackage main"
    reply = kernel.client.complete(code, code.index("\n"), reply=True, timeout=PATIENCE_S)["content"]
    assert reply["matches"] == ["--timeout"]
    assert code[reply["cursor_start"] : reply["cursor_end"]] == "--ti"


def test_a_shutdown_ends_the_warming_of_the_cache(start_kernel, own_world, eventually):
    kernel = start_kernel("--GoLeak.warm_up=True")
    kernel.run("%load_ext jupyter_goleak")
    assert eventually(lambda: any(own_world.glob("goleak-warm-*")), within=PATIENCE_S)


def test_nothing_is_written_beside_the_notebook(kernel):
    here = set(Path.cwd().iterdir())
    kernel.run("%%goleak" + LEAKY)
    assert set(Path.cwd().iterdir()) == here
