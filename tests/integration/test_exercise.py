"""The exercises of the course: the given program fails each, so does every cheap way out, and the answer passes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from jupyter_goleak import exercise
from jupyter_goleak.errors import BuildError, UsageError
from jupyter_goleak.events import Finished
from jupyter_goleak.explanation import English
from jupyter_goleak.model import Exploration, Leak, Run
from jupyter_goleak.options import Options
from jupyter_goleak.program import parse_program

NAMES = exercise.names()

# The work of each exercise without any goroutine, and so without any leak.
ALONE = {
    "ticket-printers": """
for _, evening := range []string{"Friday", "Saturday"} {
	for seat := 1; seat <= 6; seat++ {
		fmt.Printf("%s, seat %d\\n", evening, seat)
	}
}
""",
    "weather-stations": """
for _, station := range []string{"harbour", "airport"} {
	fmt.Println("answer from the", station)
}
fmt.Println("no more time")
fmt.Println("the map is drawn")
""",
    "route-planner": """
fmt.Println("Bergen: by the coast, toll 18", nil)
fmt.Println("", "no road leads to Atlantis")
fmt.Println("Molde: by the coast, toll 15", nil)
""",
    "price-alarm": """
for share, price := range map[string]int{"GOPH": 104, "ACME": 102} {
	fmt.Println(share, "has reached", price)
}
""",
    "sensor-pipeline": """
for bed, values := range map[string]int{"tomatoes": 3, "basil": 4} {
	for value := range values {
		fmt.Println(bed, 41+2*value)
	}
}
""",
    "virus-scanner": """
for _, file := range []string{"invoice.pdf", "holiday.jpg", "song.mp3"} {
	fmt.Println(file, "is clean")
}
fmt.Println("the list is complete")
fmt.Println("the scanner is ready again")
""",
    "art-exchange": """
fmt.Println("Prado has 3 paintings, Uffizi has 5")
fmt.Println("the museums close for today")
""",
    "parking-meters": """
fmt.Println("time is over for the lorry")
for _, car := range []string{"van", "taxi", "cabriolet"} {
	fmt.Println("the", car, "leaves")
}
""",
    "zip-upload": """
for _, line := range []string{
	"daily stored letters", "daily stored photos", "<nil>",
	"weekly stored music", "weekly: a file has no name", "monthly stored taxes", "monthly: a file has no name",
} {
	fmt.Println(line)
}
""",
    "chat-rooms": """
for _, visitor := range []string{"ines", "jo", "kim"} {
	fmt.Println(visitor, "reads: hello")
}
for _, visitor := range []string{"ines", "jo", "kim"} {
	fmt.Println(visitor, "says goodbye")
}
""",
    "lost-call": """
for _, street := range []string{"Elm Street", "Oak Lane", "Mill Road"} {
	fmt.Println("a taxi comes to", street)
}
""",
    "delivery-service": """
for _, district := range []string{"north", "south"} {
	for parcel := 1; parcel <= 4; parcel++ {
		fmt.Println("delivered:", district, parcel)
	}
}
""",
}

CANCELLED = "ctx, cancel := context.WithCancel(context.Background())\n\tdefer cancel()"

# Cures that one is likely to try first: of which exercise, what is edited, and what is wrong with it.
TEMPTING = [
    ("ticket-printers", "\tfor range seats {", "\tclose(orders)\n\tfor range seats {", "crash"),
    ("ticket-printers", "\tfor range 3 {\n\t\tgo", "\tclose(orders)\n\tfor range 1 {\n\t\tgo", "deadlock|crash"),
    ("weather-stations", "150 * time.Millisecond", "time.Second", "output"),
    ("weather-stations", "make(chan string)", "make(chan string, 1)", "leak"),
    ("route-planner", "make(chan int)", "make(chan int, 1)", "leak"),
    ("route-planner", "make(chan string)", "make(chan string, 3)", "leak"),
    ("price-alarm", "ctx, _ := context.WithCancel(context.Background())", "ctx := context.TODO()", "leak"),
    ("price-alarm", "ctx, _ := context.WithCancel(context.Background())", CANCELLED, "leak"),
    ("sensor-pipeline", "\tgo func() {\n\t\tlast", "\tgo func() {\n\t\tdefer close(out)\n\t\tlast", "leak"),
    ("virus-scanner", "\t\t\t\treturn", "\t\t\t\tscanners.Done()\n\t\t\t\tscanners.Done()\n\t\t\t\treturn", "crash"),
    ("virus-scanner", "\t\tscanners.Wait()\n", "", "crash"),
    ("art-exchange", "\ttime.Sleep(20 * time.Millisecond)\n", "", "leak"),
    ("art-exchange", "\tto.mu.Lock()\n\tdefer to.mu.Unlock()\n", "\treturn\n", "output"),
    ("parking-meters", "\t\ttimer.Stop()\n", "\t\ttimer.Reset(0)\n", "output"),
    ("zip-upload", "\t\t\treturn fmt", "\t\t\treader.Close()\n\t\t\treturn fmt", ""),
    ("chat-rooms", '\tfmt.Println(visitor, "says', '\tdelete(rooms, visitor)\n\tfmt.Println(visitor, "says', "leak"),
    ("lost-call", "make(chan string)", "make(chan string, 1)", "leak"),
    ("delivery-service", "t := newTracker()\n\tqueue", "t := newTracker()\n\tdefer t.Stop()\n\tqueue", "leak"),
]


def given(name: str) -> str:
    return exercise.load(name).given.source


def edited(source: str, old: str, new: str) -> str:
    assert old in source
    return source.replace(old, new)


@pytest.mark.toolchain
@pytest.mark.parametrize("name", NAMES)
class TestEachExercise:
    def test_the_given_program_fails(self, go, name):
        report = exercise.check(name, given(name))
        assert (report.passed, report.exercise.fault) == (False, "leak")
        assert " at line " in report.exercise.sentence
        assert report.fix is None
        assert not any(leak.explanation for leak in (*report.leaks, *report.fixed.leaks))

    def test_the_answer_passes(self, go, name):
        report = exercise.check(name, exercise.load(name).answer)
        assert report.passed, report.exercise.sentence
        assert report.fixed.explored.runs == exercise.load(name).rules.runs
        assert report.exercise.sentence.startswith("Solved")

    def test_a_longer_sleep_fails(self, go, name):
        source = edited(given(name), "func main() {\n", "func main() {\n\tdefer time.Sleep(1500 * time.Millisecond)\n")
        if '"time"' not in source:
            source = edited(source, 'import (\n\t"fmt"\n', 'import (\n\t"fmt"\n\t"time"\n')
        report = exercise.check(name, source)
        assert (report.passed, report.exercise.fault) == (False, "sleep")
        assert re.search("time alone ends nobody|longer sleeping", report.exercise.sentence)

    def test_no_goroutines_fail(self, go, name):
        source = f'package main\n\nimport "fmt"\n\nfunc main() {{\n{ALONE[name]}}}\n'
        report = exercise.check(name, source)
        assert (report.passed, report.exercise.fault) == (False, "goroutines")
        assert "no longer shared" in report.exercise.sentence

    def test_swallowed_output_fails(self, go, name):
        source = edited(exercise.load(name).answer, "fmt.Println(", "_ = fmt.Sprintln(").replace(
            "\tfmt.Printf", "\t_ = fmt.Sprintf"
        )
        report = exercise.check(name, source)
        assert (report.passed, report.exercise.fault) == (False, "output")
        assert "a part of the work is lost" in report.exercise.sentence


@pytest.mark.toolchain
@pytest.mark.parametrize(("name", "old", "new", "fault"), TEMPTING, ids=lambda value: value if value in NAMES else "")
def test_a_tempting_cure_fails_in_its_own_way(go, name, old, new, fault):
    report = exercise.check(name, edited(given(name), old, new))
    print(report.exercise)
    assert re.fullmatch(fault, report.exercise.fault)


@pytest.mark.toolchain
def test_a_learners_text_that_does_not_compile_is_told_by_its_own_lines(go):
    with pytest.raises(BuildError, match=r"main\.go:4"):
        exercise.check("chat-rooms", "package main\n\nfunc main() {\n\tgone()\n}\n")


@pytest.mark.toolchain
def test_an_examination_that_is_stopped_grades_nothing(go):
    source = (
        "package main\n\nfunc main() {\n\tselect {}\n}\n\nfunc init() {\n\tgo func() {\n\t\tfor {\n\t\t}\n\t}()\n}\n"
    )
    examination = exercise.Examination(exercise.load("chat-rooms"), parse_program(source), Options(timeout=60))
    for event in examination.events():
        examination.stop()
        if isinstance(event, Finished):
            report = event.report
    assert (report.passed, report.exercise.fault) == (False, "stopped")


def test_every_exercise_has_all_that_it_needs():
    assert set(ALONE) == set(NAMES)
    for name in NAMES:
        each = exercise.load(name)
        assert each.task
        assert len(each.hints) >= 3
        assert each.answer != each.given.source
        for hint in each.hints:
            assert "\t" not in hint and "```" not in hint


def test_an_unknown_exercise_is_a_usage_error_that_names_the_others():
    with pytest.raises(UsageError, match="no exercise called 'nothing'; there are: art-exchange, "):
        exercise.load("nothing")


def test_a_language_without_a_text_gets_the_english_one():
    assert exercise.load("chat-rooms", "xx") == exercise.load("chat-rooms")


# ── the judge, without Go ───────────────────────────────────────────────────────────────────────────────────────

GIVEN = Run("original", "leak", 0, 0.4, stdout="b 1\na 2\n", created=3)
RIGHT = Run("fixed", "clean", 0, 0.5, stdout="a 2\nb 1\nmore\n", created=4, explored=Exploration(10, 0, 1))
LEFT = Leak("proven", 2, "chan receive", "main.worker", "main.go", 7, "main.main", 3)


def grade(answer: Run, slept: tuple[float, float] = (0.1, 0.1), **rules: object):
    each = replace(exercise.load("chat-rooms"), rules=exercise.Rules(**rules))
    return exercise.judge(each, GIVEN, answer, slept=slept, say=English())


def test_more_output_and_more_goroutines_are_welcome():
    assert grade(RIGHT).passed
    assert "10 runs" in grade(RIGHT).sentence


@pytest.mark.parametrize(
    ("change", "slept", "fault"),
    [
        ({"verdict": "leak", "leaks": (LEFT,)}, (0.1, 0.1), "leak"),
        ({"verdict": "leak", "leaks": (LEFT,), "explored": Exploration(10, 2, 1)}, (0.1, 0.1), "leak"),
        ({"verdict": "leak", "leaks": (LEFT,)}, (0.1, 5.0), "sleep"),
        ({"alive": (LEFT,)}, (0.1, 0.1), "leak"),
        ({"verdict": "crash", "exit_code": 2}, (0.1, 0.1), "crash"),
        ({"verdict": "deadlock", "leaks": (LEFT,)}, (0.1, 0.1), "deadlock"),
        ({"verdict": "timeout", "stopped": "timeout"}, (0.1, 0.1), "timeout"),
        ({"verdict": "timeout", "stopped": "user"}, (0.1, 0.1), "stopped"),
        ({"stdout": "a 2\n"}, (0.1, 0.1), "output"),
        ({"stdout": "a 2\nb 3\n"}, (0.1, 0.1), "output"),
        ({"created": 2}, (0.1, 0.1), "goroutines"),
        ({}, (0.1, 0.2), "sleep"),
        ({"duration_s": 0.9}, (0.1, 0.1), "time"),
    ],
)
def test_every_fault_has_its_sentence(change, slept, fault):
    found = grade(replace(RIGHT, **change), slept)
    assert (found.passed, found.fault) == (False, fault)
    assert re.fullmatch(r"[A-Z][^\n]+[.?]", found.sentence)


def test_the_rules_loosen_what_they_name():
    assert grade(replace(RIGHT, stdout="b 7\na 8\n"), numbers=False).passed
    assert grade(replace(RIGHT, created=2), goroutines=2).passed
    assert grade(replace(RIGHT, alive=(LEFT,)), alive=2).passed
    assert grade(RIGHT, (0.1, 0.3), sleeps=0.3).passed
    assert grade(RIGHT, prints=("c",)).fault == "output"
    assert grade(RIGHT, extra=False).fault == "output"
