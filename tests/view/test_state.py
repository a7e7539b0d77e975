"""The scene: what holds at each moment, from the events so far."""

from __future__ import annotations

import json

import pytest

from jupyter_goleak.events import Ended, Finished, Marked, Printed, Progress, Returned, Sampled, Snapped, Started, Tried
from jupyter_goleak.model import Attempt, Mark, Sample, Snapshot
from jupyter_goleak.view.state import MARKS, Scene, scene_of
from jupyter_goleak.view.words import Words
from tests.view.examples import DIFF, FIXED, SOURCE, fixed, original, report, worker

ENGLISH = Words("en")


def scene_after(*events: object) -> Scene:
    scene = Scene("title", ENGLISH)
    for event in events:
        scene.apply(event)  # type: ignore[arg-type]
    return scene


def facts(scene: Scene, variant: str = "original") -> dict:
    return scene.columns[variant].facts(ENGLISH)  # type: ignore[index]


def test_a_column_waits_runs_settles_and_ends(leaky_events):
    scene = Scene(words=ENGLISH)
    seen = []
    for event in leaky_events:
        scene.apply(event)
        if not seen or seen[-1] != facts(scene)["status"]:
            seen.append(facts(scene)["status"])
    assert seen == ["waiting", "running", "settling", "ended"]
    assert facts(scene, "fixed")["verdict"] == "clean"


def test_the_facts_of_a_finished_run(leaky_events):
    shown = facts(scene_after(*leaky_events))
    assert (shown["peak"], shown["end"], shown["created"], shown["took"]) == (3, 3, 2, 1.0)
    assert shown["marks"] == [[0.05, 1, 6], [0.95, 3, 12]]
    assert shown["word"] == "leak"
    assert shown["sentence"] == "2 goroutines can never end."
    assert shown["leaked"] == [(0.08, 1), (0.4, 2)] or shown["leaked"] == [(0.09, 1), (0.4, 2)]
    assert [leak["line"] for leak in shown["leaks"]] == [16]


def test_everything_that_goes_to_the_page_is_plain_data(leaky_events):
    scene = scene_after(*leaky_events)
    for column in scene.columns.values():
        json.dumps([column.facts(ENGLISH), column.printed(), column.code()])
    json.dumps(scene.head())


def test_asked_twice_it_says_the_same(leaky_events):
    scene = scene_after(*leaky_events)
    assert facts(scene) == facts(scene)
    assert scene.columns["original"].bars() == scene.columns["original"].bars()
    assert scene.head() == scene.head()


def test_progress_shows_until_something_runs():
    scene = scene_after(Progress("Building …"))
    assert scene.head()["progress"] == "Building …"
    scene.apply(Started("original", SOURCE))
    assert scene.head()["progress"] == ""


def test_another_candidate_takes_the_fixed_columns_place():
    scene = scene_after(
        Started("fixed", "a", "-x"), Printed("fixed", 0.1, "stdout", "old"), Started("fixed", "b", "+y")
    )
    assert scene.columns["fixed"].printed() == []
    assert scene.columns["fixed"].source == "b"


def test_how_the_search_goes():
    scene = scene_after(Tried(Attempt("buffer", "still leaks"), 1, 7), Tried(Attempt("close", "verified"), 2, 7))
    head = scene.head()
    assert (head["tried"], head["total"]) == (2, 7)
    assert [title for title, *_ in head["attempts"]] == ["buffer", "close"]


def test_of_a_finished_search_those_that_failed_are_told():
    outcomes = ("still leaks", "verified", "not tried", "not tried")
    tried = tuple(Attempt(name, outcome) for name, outcome in zip("abcd", outcomes, strict=True))
    head = scene_after(Finished(report(attempts=tried))).head()
    assert [title for title, *_ in head["attempts"]] == ["a"]
    assert head["untried"] == "2 other edits were not tried."


def test_the_finished_report_brings_the_fix():
    head = scene_after(Finished(report())).head()
    assert head["finished"]
    assert head["fix"]["title"] == "uncomment `close(jobs)`"
    assert head["verdict"] == "leak"


def test_memory_after_main_has_returned_is_not_the_programs():
    scene = scene_after(
        Started("original", SOURCE),
        Sampled("original", Sample(0.1, 1, 0, 10, 20)),
        Returned("original", 0.5),
        Sampled("original", Sample(0.6, 4, 3, 10, 90_000)),
    )
    last = scene.columns["original"].series.samples[-1]
    assert (last.count, last.stack_bytes + last.heap_bytes) == (4, 30)


def test_no_more_are_stuck_than_there_are():
    scene = scene_after(
        Started("original", SOURCE),
        *(Sampled("original", Sample(t, count, count)) for t, count in ((0.0, 1), (0.2, 2), (0.4, 3), (0.6, 9))),
        Snapped("original", Snapshot(0.1, (worker(7), worker(8)))),
        Ended("original", original(duration_s=0.7)),
    )
    assert scene.columns["original"].leaked() == [(0.1, 1), (0.2, 2)]


def test_settling_belongs_to_the_picture_but_not_to_the_programs_time():
    run = original(duration_s=1.0)
    scene = scene_after(Started("original", SOURCE), Sampled("original", Sample(1.7, 2, 2)))
    scene.columns["original"].run = run
    assert (facts(scene)["t"], facts(scene)["took"]) == (1.7, 1.0)


def test_marks_are_bounded():
    scene = scene_after(*(Marked("original", Mark(n / 1000, 1, "main.go", 6)) for n in range(5 * MARKS)))
    assert len(facts(scene)["marks"]) == MARKS


def test_the_code_is_the_text_and_the_difference(leaky_events):
    code = scene_after(*leaky_events).columns["fixed"].code()
    assert "".join(text for *_, tokens in code["rows"] for _, text in tokens) == FIXED.replace("\n", "")
    assert [sign for sign, *_ in code["diff"]] == [" ", "-", "+", " "]


def test_a_report_alone_gives_the_same_scene(leaky_events, leaky_report):
    live, later = scene_after(*leaky_events), scene_of(leaky_report, "title", ENGLISH)
    for variant in ("original", "fixed"):
        before, after = facts(live, variant), facts(later, variant)
        assert before == after
        assert live.columns[variant].bars() == later.columns[variant].bars()
    assert live.head() == later.head()


@pytest.mark.parametrize("changes", [{"fixed": None, "fix": None}, {"original": None, "fixed": None, "fix": None}])
def test_reports_with_less_in_them_make_a_scene_too(changes):
    scene = scene_of(report(**changes), words=ENGLISH)
    assert scene.columns["fixed"].status == "waiting"
    assert not scene.has_fixed


def test_the_diff_of_the_fix_stands_in_where_the_run_brought_none():
    scene = scene_after(Started("fixed", FIXED), Finished(report(fixed=fixed())))
    assert scene.columns["fixed"].diff == DIFF


def test_a_flood_of_output_shows_its_beginning_when_the_run_is_over():
    scene = Scene()
    flood = original(stdout="the beginning\n" + "more\n" * 20_000 + "the end\n")
    for event in (
        Started("original", SOURCE),
        Printed("original", 0.5, "stdout", "…more\nthe end\n"),
        Ended("original", flood),
    ):
        scene.apply(event)
    printed = "".join(text for *_, text in scene.columns["original"].printed())
    assert printed.startswith("the beginning\n") and printed.endswith("the end\n")
