"""`%goleak` and `%%goleak` in a real IPython shell, as in a terminal: parsing, binding, errors in one line, completion."""

from __future__ import annotations

import atexit
from collections.abc import Iterator

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from traitlets.config import Config

from jupyter_goleak.model import Report

pytestmark = pytest.mark.toolchain

LEAKY = """
package main

import "fmt"

func main() {
	parcels := make(chan string, 1)
	parcels <- "a vase"
	go func() {
		for parcel := range parcels {
			fmt.Println("delivered", parcel)
			done <- true
		}
	}()
	<-done
}

var done = make(chan bool)
"""
CURED = LEAKY.replace("\t<-done\n", "\tclose(parcels)\n\t<-done\n")


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    config.GoLeak.warm_up = False
    shell = InteractiveShell.instance(config=config)
    yield shell
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()
    InteractiveShell.clear_instance()


@pytest.fixture
def magics(shell: InteractiveShell, go: str) -> Iterator[InteractiveShell]:
    """The shell with the extension loaded."""
    shell.run_line_magic("load_ext", "jupyter_goleak")
    yield shell
    shell.run_line_magic("unload_ext", "jupyter_goleak")


def loaded(shell: InteractiveShell) -> list[object]:
    """Whatever of this extension the shell holds."""
    held = [*shell.configurables, *shell.Completer.custom_matchers, *shell.magics_manager.registry.values()]
    return [each for each in held if "goleak" in f"{each!r} {type(each).__module__}"]


def run(shell: InteractiveShell, cell: str) -> tuple[object, CapturedIO]:
    """The cell's value, and what it printed."""
    with capture_output() as captured:
        result = shell.run_cell(cell)
    return result.result, captured


def test_the_cells_value_is_the_report_and_prints_as_text(magics):
    report, printed = run(magics, "%%goleak\n" + LEAKY)
    assert isinstance(report, Report)
    (leak,) = report.leaks
    assert (leak.count, leak.state, leak.line, leak.go_line) == (1, "chan receive", 10, 9)
    assert magics.user_ns["_"] is report
    assert "`parcels`, made at line 7, is never closed" in printed.stdout
    assert "Report(" not in printed.stdout


def test_a_report_is_bound_by_name_and_quiet_says_nothing(magics):
    value, printed = run(magics, "%%goleak -q -o found --no-fix\n" + LEAKY)
    assert value is None
    assert magics.user_ns["found"].verdict == "leak"
    assert printed.stdout + printed.stderr == ""
    _, printed = run(magics, "found")
    assert "`parcels`, made at line 7, is never closed" in printed.stdout


def test_a_later_cell_can_hold_the_fixed_variant(magics):
    run(magics, "%%goleak --name parcels --no-fix -q\n" + LEAKY)
    report, _ = run(magics, "%%goleak --fixes parcels\n" + CURED)
    assert report.verdict == "leak"
    assert report.fix.origin == "cell"
    assert report.fix.verified
    assert report.fixed.verdict == "clean"
    assert "+\tclose(parcels)" in report.fix.diff


@pytest.mark.parametrize("path", ["post.go", "package"])
def test_a_cell_can_hold_the_fixed_variant_of_what_stands_on_disk(path, magics, tmp_path):
    (tmp_path / "package").mkdir()
    for file in (tmp_path / "post.go", tmp_path / "package" / "post.go"):
        file.write_text(LEAKY)
    (tmp_path / "package" / "more.go").write_text("package main\n")
    run(magics, f"%goleak --name post --no-fix {tmp_path / path}")
    report, _ = run(magics, "%%goleak --fixes post\n" + CURED)
    assert (report.original.verdict, report.fixed.verdict) == ("leak", "clean")
    assert report.fix.diff.startswith("--- post.go")


def test_insert_makes_the_fix_the_next_cell_which_runs_beside_the_latest_original(magics):
    hinted = CURED.replace("close(parcels)", "// close(parcels)")
    report, _ = run(magics, "%%goleak --insert -o found --timeout 30s --env 'WHO=A B'\n" + hinted)
    assert report.fix.verified
    following = magics.rl_next_input
    assert following == "%%goleak --fixes _ --timeout 30s --env 'WHO=A B'\n" + CURED
    report, _ = run(magics, following)
    assert (report.original.verdict, report.fixed.verdict) == ("leak", "clean")
    magics.rl_next_input = None
    run(magics, "%%goleak --insert\n" + CURED)
    assert magics.rl_next_input is None


ARCHIVE = """\
-- go.mod --
module bakery

go 1.23
-- main.go --
package main

import "bakery/oven"

func main() {
	trays := oven.Light()
	trays <- "bread"
	oven.Finish(trays)
}
-- oven/oven.go --
package oven

func Light() chan string {
	trays := make(chan string)
	go func() {
		for range trays {
		}
	}()
	return trays
}

func Finish(trays chan string) {
	close(trays)
}
"""


def test_the_fix_of_an_archive_is_an_archive(magics):
    report, _ = run(magics, "%%goleak --insert -o found\n" + ARCHIVE.replace("close(trays)", "// close(trays)"))
    assert report.fix.diff.startswith("--- oven/oven.go")
    assert magics.rl_next_input == "%%goleak --fixes _\n" + ARCHIVE
    report, _ = run(magics, magics.rl_next_input)
    assert (report.original.verdict, report.fixed.verdict) == ("leak", "clean")
    assert report.fix.diff.startswith("--- oven/oven.go")


def test_the_line_magic_runs_a_file_and_its_value_can_be_assigned(magics, tmp_path):
    (tmp_path / "parcels.go").write_text(CURED, encoding="utf-8")
    run(magics, f"report = %goleak {tmp_path / 'parcels.go'} --no-fix")
    assert magics.user_ns["report"].verdict == "clean"
    _, printed = run(magics, "report")
    assert "Report(" not in printed.stdout
    assert printed.stdout


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%%goleak --timeout soon\nx", "'soon' is not a duration"),
        ("%%goleak --frobnicate\nx", "There is no option --frobnicate here. See: %%goleak?"),
        ("%%goleak --inser\nx", "did you mean --insert?"),
        ("%%goleak --settle -1s\nx", "must not be negative"),
        ("%%goleak -o class\nx", "-o wants a name"),
        ("%%goleak --save report.pdf\nx", "'report.pdf' says no format"),
        ("%%goleak --save /nowhere/report.html\nx", "there is no folder /nowhere"),
        ("%%goleak --args 'open\nx", "cannot be split into words"),
        ("%%goleak -o two words\nx", "runs its own cell"),
        ("%%goleak -o 2nd\nx", "-o wants a name"),
        ("%%goleak --fixes nobody\nx := 1", "No cell has run with --name nobody"),
        ("%%goleak --fixes _\nx := 1", "No program has run yet"),
        ("%%goleak --insert --background\nx := 1", "--insert goes with neither"),
        ("%goleak --insert main.go", "--insert wants a cell"),
        ("%%goleak --exercise nothing\nx := 1", "There is no exercise called 'nothing'"),
        ("%%goleak --exercise chat-rooms --fixes A\nx := 1", "--exercise brings its own original"),
        ("%goleak --hint", "--hint wants to know for which exercise"),
        ("%%goleak\n \n", "empty"),
        ("%goleak", "wants the PATH"),
        ("%goleak /nowhere/main.go", "/nowhere/main.go"),
        ("%%goleak --go /nowhere/go\npackage main\nfunc main() {}", "no go command at '/nowhere/go'"),
    ],
)
def test_a_usage_error_is_one_line_without_a_traceback(magics, cell, sentence):
    _, printed = run(magics, cell)
    said = printed.stdout + printed.stderr
    assert said.startswith("UsageError: ")
    assert sentence in said
    assert len(said.strip().splitlines()) == 1


def test_a_program_that_does_not_compile_shows_the_compilers_message_and_the_cells_line(magics):
    with capture_output() as captured:
        result = magics.run_cell("%%goleak\npackage main\n\nfunc main() {\n\tboxes := 1\n\tship()\n}\n")
    assert type(result.error_in_exec).__name__ == "GoBuildError"
    said = captured.stdout + captured.stderr
    assert "main.go:4:2: declared and not used: boxes" in said
    assert "4 | \tboxes := 1" in said
    assert "main.go:5:2: undefined: ship" in said
    assert "Traceback" not in said


def test_settings_stand_in_for_options_that_are_not_given(magics):
    run(magics, "%config GoLeak.timeout = '1s'")
    run(magics, "%config GoLeak.no_fix = True")
    report, _ = run(magics, '%%goleak\npackage main\nimport "time"\nfunc main() { time.Sleep(time.Hour) }\n')
    assert report.verdict == "timeout"
    assert report.original.stopped == "timeout"
    assert report.fixed is None
    report, _ = run(
        magics, '%%goleak --for 200ms\npackage main\nimport "time"\nfunc main() { time.Sleep(time.Hour) }\n'
    )
    assert report.original.stopped == "for"


def test_a_setting_refuses_what_its_option_refuses(magics, caplog):
    run(magics, "%config GoLeak.settle = 'later'")
    assert "settle: 'later' is not a duration" in caplog.text
    run(magics, "%config GoLeak.language = 'xx'")
    assert "language: there is no 'xx', only en and ko; '' is the locale's." in caplog.text
    _, printed = run(magics, "%config GoLeak")
    assert "GoLeak.settle" in printed.stdout
    assert "GoLeak.language" in printed.stdout


def test_the_programs_text_is_never_expanded(magics):
    magics.user_ns["x"] = "expanded"
    report, _ = run(
        magics,
        '%%goleak --no-fix --args "{x} $x"\npackage main\nimport ("fmt"; "os")\nfunc main() { fmt.Println("{x} $x", os.Args[1:]) }\n',
    )
    assert report.original.stdout == "{x} $x [{x} $x]\n"


def test_options_and_names_complete(magics):
    run(magics, "%%goleak --name parcels --no-fix -q\n" + CURED)

    def completions(line: str) -> list[str]:
        with provisionalcompleter():
            return [completion.text for completion in magics.Completer.completions(line, len(line))]

    assert {"--timeout", "--tags"} <= set(completions("%%goleak --t"))
    assert "--json" not in completions("%goleak --")
    assert completions("%%goleak --fixes p") == ["parcels"]
    assert "--timeout" not in completions("x = --t")


def test_help_lists_every_option(magics):
    text = magics.find_line_magic("goleak").__doc__
    assert "--repair-budget" in text
    assert "--background" in text


def test_unloading_takes_everything_out_again(shell):
    shell.run_line_magic("load_ext", "jupyter_goleak")
    shell.run_line_magic("reload_ext", "jupyter_goleak")
    assert shell.find_cell_magic("goleak")
    assert len(loaded(shell)) == 3
    shell.run_line_magic("unload_ext", "jupyter_goleak")
    assert loaded(shell) == []
    assert shell.find_line_magic("goleak") is None
    assert shell.find_cell_magic("goleak") is None


def test_a_report_saves_to_the_file_that_was_named(magics, tmp_path):
    run(magics, f"%%goleak -q --no-fix --save {tmp_path / 'found.json'}\n" + LEAKY)
    assert '"schema": 1' in (tmp_path / "found.json").read_text(encoding="utf-8")


def test_an_exercise_grades_the_cell_and_tells_one_hint_more_each_time(magics):
    from jupyter_goleak.exercise import load

    exercise = load("chat-rooms")
    report, printed = run(magics, "%%goleak --exercise chat-rooms -o graded\n" + exercise.given.source)
    assert (report.passed, magics.user_ns["graded"].passed) == (False, False)
    assert report.exercise.sentence in printed.stdout
    assert not any(hint in printed.stdout for hint in exercise.hints)
    for number, hint in enumerate(exercise.hints, start=1):
        nothing, printed = run(magics, "%goleak --exercise chat-rooms --hint")
        assert nothing is None
        assert printed.stdout.strip() == f"Hint {number} of {len(exercise.hints)}: {hint}"
    _, printed = run(magics, "%goleak --exercise chat-rooms --hint")
    assert printed.stdout.strip() == "These were all of the hints for chat-rooms."
    report, printed = run(magics, "%%goleak --exercise chat-rooms --explore 2\n" + exercise.answer)
    assert report.passed
    assert "Solved: nothing leaked in 2 runs" in printed.stdout


def test_an_exercise_without_a_program_tells_its_task(magics):
    nothing, printed = run(magics, "%goleak --exercise chat-rooms")
    assert nothing is None
    assert printed.stdout.startswith("A chat keeps all of its visitors")


def test_an_exercise_speaks_the_readers_language(magics, monkeypatch):
    from jupyter_goleak.exercise import load

    monkeypatch.setenv("LANGUAGE", "ko")
    korean = load("chat-rooms", "ko")
    _, printed = run(magics, "%goleak --exercise chat-rooms")
    assert printed.stdout.strip() == korean.task != load("chat-rooms").task
    for number, hint in enumerate(korean.hints, start=1):
        _, printed = run(magics, "%goleak --exercise chat-rooms --hint")
        assert printed.stdout.strip() == f"힌트 {number}/{len(korean.hints)}: {hint}"
    report, printed = run(magics, "%%goleak --exercise chat-rooms --explore 2\n" + korean.given.source)
    assert report.exercise.sentence.startswith("아직 아닙니다")
    assert report.exercise.sentence in printed.stdout
    report, _ = run(magics, "%%goleak --exercise chat-rooms --explore 2\n" + korean.answer)
    assert report.exercise.sentence.startswith("풀었습니다")


def test_a_chosen_language_is_spoken_by_the_cell_and_by_all_that_is_shown_or_saved_later(magics, tmp_path, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    run(magics, "%config GoLeak.language = 'ko'")
    report, printed = run(magics, "%%goleak --no-fix\n" + LEAKY)
    assert isinstance(report, Report)
    assert "range parcels" in report.leaks[0].explanation and "기다리지만" in report.leaks[0].explanation
    assert "고루틴 1개" in printed.stdout
    assert "고루틴 1개" in report._repr_mimebundle_()["text/plain"]
    report.save(tmp_path / "report.html")
    assert '<html lang="ko">' in (tmp_path / "report.html").read_text(encoding="utf-8")
    run(magics, "%unload_ext jupyter_goleak")
    assert "고루틴" not in report._repr_mimebundle_()["text/plain"].partition("\n\n")[0]
