"""The still forms: text, SVG, PNG, HTML for notebooks nobody trusts, the offline page, files."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from jupyter_goleak.errors import UsageError
from jupyter_goleak.model import Attempt, Failure, Grade, Report, Sample, Snapshot
from jupyter_goleak.view.bundle import mimebundle, save, widget_bundle
from jupyter_goleak.view.drawing import Text
from jupyter_goleak.view.page import to_page
from jupyter_goleak.view.picture import WIDTH, picture, ticks
from jupyter_goleak.view.state import scene_of
from jupyter_goleak.view.static import to_html, to_png, to_svg
from jupyter_goleak.view.text import BARS, CHART, chart, to_text
from jupyter_goleak.view.words import Words
from tests.view.examples import LEAK, SOURCE, fixed, original, report, worker

ENGLISH = Words("en")
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31mred\x1b[0m \u202e\x00 ]]>"
BROKEN = Report(
    "go1.27.3", "build-error", None, error=Failure("build", "main.go:3:1: <b>undefined</b>: x", 3), source=SOURCE
)
REPORTS = {
    "leak": report(),
    "no fix": report(
        fixed=None, fix=None, attempts=(Attempt("buffer `jobs`", "still leaks", "in one of several runs"),)
    ),
    "deadlock": report(original=original(verdict="deadlock", exit_code=2), verdict="deadlock", fixed=None, fix=None),
    "crash": report(
        original=original(verdict="crash", exit_code=2, stderr=EVIL, leaks=()), verdict="crash", fixed=None, fix=None
    ),
    "clean": report(original=fixed(variant="original"), verdict="clean", fixed=None, fix=None),
    "empty": report(
        original=original(
            samples=(), snapshots=(), marks=(), births=(), stdout="", leaks=(), verdict="timeout", duration_s=0.0
        )
    ),
    "evil": report(original=original(stdout=EVIL, leaks=(replace(LEAK, function=EVIL, state=EVIL, explanation=EVIL),))),
    "build error": BROKEN,
}
each_report = pytest.mark.parametrize("shown", REPORTS.values(), ids=REPORTS)


class Markup(HTMLParser):
    """What elements and attributes a fragment has, and what text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said += data


def test_the_text_of_a_leak():
    lines = to_text(report(), ENGLISH).splitlines()
    assert lines[0] == "original  ✗ leak: 2 goroutines can never end."
    assert lines[3] == "fixed     ✓ clean: Every goroutine ended."
    table = lines.index("Count  Evidence  State         Function  Blocked at line  Started at line")
    assert lines[table + 1].split() == ["2", "proven", "chan", "receive", "worker", "16", "9", "(main)"]
    assert "2 workers wait in `for range jobs` (line 16) for a close that cannot come." in lines
    assert "Fix: uncomment `close(jobs)` (verified by running it)" in lines
    assert "  +\tclose(jobs)" in lines


@each_report
def test_text_is_plain_unless_colour_is_asked_for(shown):
    plain, coloured = to_text(shown, ENGLISH), to_text(shown, ENGLISH, colour=True)
    assert "\x1b" not in plain
    assert not any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in plain)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain
    assert "\x1b[" in coloured


def test_text_says_what_was_tried_where_there_is_no_fix():
    lines = to_text(REPORTS["no fix"], ENGLISH).splitlines()
    assert lines[-2:] == ["No fix was found. Tried:", "  buffer `jobs`: still leaks (in one of several runs)"]


def test_sentences_fit_the_terminal():
    tried = (Attempt("a title of many words, so that it goes on for more than one line of it", "still leaks"),)
    for columns in (40, 62, 100):
        told = to_text(report(attempts=tried), ENGLISH, columns=columns).partition("\n\n")[2].splitlines()
        sentences = [line for line in told if not line.startswith(("Count", "   ", "  @@", "  +", "  -"))]
        assert max(map(len, sentences)) <= columns
    assert "of many words, so that" in told[-1]


def test_a_search_that_came_to_no_edit_is_told():
    said = "No edit was found that is sure to be right."
    assert to_text(report(fix=None, fixed=None, searched=True), ENGLISH).endswith(f"\n\n{said}")
    assert said not in to_text(report(fix=None, fixed=None), ENGLISH)
    assert said in to_html(report(fix=None, fixed=None, searched=True), ENGLISH)


def test_what_was_not_tried_is_counted():
    tried = (Attempt("buffer `jobs`", "slower"), Attempt("x", "not tried"), Attempt("y", "not tried"))
    late = Attempt("z", "not tried", "out of time")
    assert to_text(report(attempts=tried), ENGLISH).endswith(
        "\nWhat else was tried:\n  buffer `jobs`: slower\n\n2 other edits were not tried."
    )
    assert to_text(report(attempts=tried[:2]), ENGLISH).endswith("\n1 other edit was not tried.")
    assert "z: not tried (out of time)" in to_text(report(attempts=(*tried, late)), ENGLISH)
    said = Markup(to_html(report(attempts=(*tried, late)), ENGLISH)).said
    assert "z: not tried" in said and "x: not tried" not in said and "2 other edits were not tried." in said


def test_text_and_html_tell_why_the_fix_works_and_what_else_was_tried():
    fix = replace(report().fix, why="A close ends the loop.")
    tried = (Attempt("buffer `jobs`", "changed output", "stdout lacks 'a'"), Attempt("close `jobs`", "verified"))
    shown = report(fix=fix, attempts=tried)
    text = to_text(shown, ENGLISH)
    assert "A close ends the loop." in text
    assert text.endswith("\nWhat else was tried:\n  buffer `jobs`: changed output (stdout lacks 'a')")
    html = to_html(shown, ENGLISH)
    assert "<p>A close ends the loop.</p>" in html
    assert "What else was triedbuffer jobs: changed output" in Markup(html).said


def test_text_and_html_tell_why_nothing_was_proven_and_what_was_left_out():
    noted = replace(report(), original=replace(original(), note="nobody watched", ignored=3))
    assert {"nobody watched", "ignored: 3"} <= set(map(str.strip, to_text(noted, ENGLISH).split("\n")))
    assert "<p>nobody watched</p><p>ignored: 3</p>" in to_html(noted, ENGLISH)


def test_text_of_a_program_that_does_not_compile():
    assert to_text(BROKEN, ENGLISH) == "▲ The program does not compile.\n  main.go:3:1: <b>undefined</b>: x"


def test_the_chart_keeps_time_and_peaks():
    samples = (Sample(0.0, 1, 0), Sample(0.5, 8, 7), Sample(0.50001, 1, 7))
    drawn = chart(samples, 1.0, 1.0, 8)
    assert len(drawn) == CHART
    assert drawn[CHART // 2] == BARS[-1]
    assert set(drawn) - {BARS[-1]} == {BARS[0]}
    assert len(chart(samples, 1.0, 2.0, 8)) == CHART // 2
    assert len(chart((Sample(0.0, 1, 0),), 0.0, 0.0, 1)) == 1


def test_text_needs_neither_jupyter_nor_bokeh():
    program = (
        "import sys; from jupyter_goleak.model import Report; from jupyter_goleak.view.text import to_text;"
        "to_text(Report('go', 'clean', None)); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"IPython", "ipywidgets", "traitlets", "bokeh", "anywidget", "numpy", "PIL"} & set(done.stdout.split())


@each_report
def test_the_picture_is_well_formed_and_says_in_words_what_it_shows(shown):
    root = ElementTree.fromstring(to_svg(shown, ENGLISH))
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "title", "desc", "defs", "pattern", "path", "rect", "polygon", "polyline", "text", "circle"}
    description = next(element for element in root.iter() if element.tag.endswith("desc")).text or ""
    for run in (shown.original, shown.fixed):
        assert run is None or {"original": "original:", "fixed": "fixed:"}[run.variant] in description


def test_the_picture_shows_counts_marks_lanes_and_the_verdict():
    texts = [
        element.text
        for element in ElementTree.fromstring(to_svg(report(), ENGLISH)).iter()
        if element.tag.endswith("text")
    ]
    assert {
        "leak",
        "clean",
        "2 goroutines can never end.",
        "worker 1",
        "worker 2",
        "main",
        "3 (line 12)",
        "never ends",
    } <= set(texts)


@pytest.mark.parametrize("top", [0.001, 0.7, 1.04, 9.0, 123.0, 1e6])
def test_ticks_are_round_and_few(top):
    found = ticks(top, 4)
    assert found[0] == 0 and found[-1] <= top
    assert 2 <= len(found) <= 6
    assert all(tick == int(tick) for tick in ticks(top, 4, whole=True))


@each_report
def test_png_is_an_image(shown):
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(to_png(shown))) as image:
        assert image.format == "PNG" and image.width > 2000
        assert (image.convert("L").getextrema()[0] < 60) == (shown.original is not None)


@each_report
def test_the_fragment_holds_only_what_an_untrusted_notebook_may_keep(shown):
    text = to_html(shown, ENGLISH)
    markup = Markup(text.replace(re.search("<style>.*?</style>", text).group(), ""))  # type: ignore[union-attr]
    allowed = {
        "div",
        "p",
        "b",
        "img",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "pre",
        "span",
        "code",
        "details",
        "summary",
        "ul",
        "li",
    }
    assert set(markup.tags) <= allowed
    assert {name for name, _ in markup.attributes} <= {"class", "style", "src", "alt", "scope", "open"}
    assert all(
        value.startswith("data:image/svg+xml;base64,") for name, value in markup.attributes if name == "src" and value
    )
    assert markup.open == []


def test_the_fragment_shows_the_picture_with_an_alternative_in_words():
    text = to_html(report(), ENGLISH)
    assert 'alt="original: 2 goroutines can never end. fixed: Every goroutine ended."' in text
    encoded = text.partition("base64,")[2].partition('"')[0]
    assert base64.b64decode(encoded).decode() == to_svg(report(), ENGLISH)
    said = Markup(text).said
    for each in ("proven", "chan receive", "main.worker", "hello <b>world</b>", "close(jobs)", "for range jobs"):
        assert each in said


def test_what_a_program_prints_stays_text_in_the_fragment():
    text = to_html(REPORTS["evil"], ENGLISH)
    assert "<script" not in text and "<img src=x" not in text and "\u202e" not in text
    assert "<script>alert(1)</script>" in Markup(text).said


@each_report
def test_the_page_is_one_file_that_fetches_nothing(shown):
    page = to_page(shown, ENGLISH)
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!data:)\w+:?//""", page.partition("<script")[0])
    assert "<link" not in page
    state = json.loads(page.partition('id="state">')[2].partition("</script>")[0])
    assert state["head"]["verdict"] == shown.verdict
    assert page.count("</script>") == 3


def test_a_page_is_the_same_where_a_program_prints_the_end_of_a_script():
    page = to_page(REPORTS["evil"], ENGLISH)
    state = json.loads(page.partition('id="state">')[2].partition("</script>")[0])
    printed = "".join(text for *_, text in state["output_original"]["pieces"])
    assert "</pre><script>alert(1)</script>" in printed


def test_a_notebook_gets_text_and_html_and_the_view_stands_alone():
    bundle = mimebundle(report(), ENGLISH)
    assert set(bundle) == {"text/plain", "text/html"}

    class Widget:
        model_id = "abc"

    assert widget_bundle(Widget()) == {
        "application/vnd.jupyter.widget-view+json": {"version_major": 2, "version_minor": 0, "model_id": "abc"}
    }


def test_a_thousand_leaks_make_a_small_bundle():
    leaks = tuple(replace(LEAK, line=n, explanation="") for n in range(1000))
    bundle = mimebundle(report(original=original(leaks=leaks)), ENGLISH)
    assert len(bundle["text/html"]) < 60_000
    assert "… +960" in bundle["text/html"]
    assert "… +980" in bundle["text/plain"]


@pytest.mark.parametrize(
    ("name", "begins"), [("r.svg", b"<svg"), ("r.PNG", b"\x89PNG"), ("r.html", b"<!DOCTYPE html>"), ("r.json", b"{")]
)
def test_the_ending_says_the_format(tmp_path, name, begins):
    save(report(), tmp_path / name, ENGLISH)
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_the_saved_json_is_the_contracts_object(tmp_path):
    save(report(), tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8")) == json.loads(json.dumps(report().to_dict()))


def test_another_ending_or_a_place_that_is_not_there_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match=r"\.html, \.svg, \.png, \.json"):
        save(report(), tmp_path / "report.pdf")
    with pytest.raises(UsageError, match="cannot be written"):
        save(report(), tmp_path / "missing" / "report.svg")


def test_in_an_exercise_the_outputs_are_called_by_whose_program_it_was():
    page = to_html(report(fix=None, exercise=Grade("a", False, "leak", "Not yet.")), ENGLISH)
    assert "Output of the given program" in page and "Output of your program" in page
    assert "Output of the original" not in page


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_long_legend_goes_on_in_a_second_row(language):
    states = ("running", "chan receive", "chan send", "select", "sync.Mutex.Lock", "sleep", "IO wait")
    crowd = Snapshot(0.5, tuple(worker(n, state) for n, state in enumerate(states, 7)))
    words = Words(language)
    scene = scene_of(report(original=original(snapshots=(crowd,)), fixed=fixed(snapshots=(crowd,))), "main.go", words)
    rows = [
        [shape for shape in picture(scene).shapes if isinstance(shape, Text) and shape.text == name]
        for name in (words("running"), words("I/O"))
    ]
    (first, _), (last, right) = rows
    assert last.y > first.y
    assert all(shape.x < WIDTH - 40 for shape in (last, right))
