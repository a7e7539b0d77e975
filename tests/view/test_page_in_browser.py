"""The view's script in a real browser: a saved page, opened from disk, with no network at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from jupyter_goleak.model import Report
from jupyter_goleak.view.page import to_page
from jupyter_goleak.view.words import Words
from tests.view.examples import LEAK, fixed, original, report
from tests.view.test_still import BROKEN, EVIL

pytestmark = pytest.mark.browser

# How many different colours the canvases of a figure show: an empty one shows a single one.
COLOURS = """selector => [...document.querySelectorAll(selector)].map((holder) => {
  const seen = new Set();
  const walk = (root) => [...root.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? walk(each.shadowRoot) : [])]);
  for (const canvas of walk(holder).filter((each) => each.tagName === "CANVAS" && each.width)) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 4).join());
  }
  return seen.size;
})"""


@dataclass
class Opened:
    """A page, and what went wrong in it."""

    page: Page
    folder: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, shown: Report, words: Words | None = None) -> Page:
        path = self.folder / "report.html"
        path.write_text(to_page(shown, words or Words("en")), encoding="utf-8")
        self.page.goto(path.as_uri())
        if shown.original:
            self.page.wait_for_function(
                "() => document.querySelectorAll('.gl-column:not([hidden]) [data-drawn]').length > 0"
            )
        return self.page

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()


@pytest.fixture
def opened(chromium: str, tmp_path: Path) -> Iterator[Opened]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        opened = Opened(page, tmp_path)

        def guard(route: Route) -> None:
            if route.request.url.startswith(tmp_path.as_uri()):
                route.continue_()
            else:
                opened.requests.append(route.request.url)
                route.abort()

        page.on("console", lambda message: opened.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (opened.complaints.append(dialog.message), dialog.dismiss()))
        page.route("**/*", guard)
        try:
            yield opened
            assert opened.complaints == []
            assert opened.requests == []
        finally:
            browser.close()


def test_both_columns_are_drawn_and_say_their_verdict(opened):
    page = opened.open(report())
    assert page.locator(".gl-column h3").all_inner_texts() == ["original", "fixed"]
    assert opened.text(".gl-column[data-variant=original] .gl-badge") == "leak"
    assert opened.text(".gl-column[data-variant=original] .gl-sentence") == "2 goroutines can never end."
    assert opened.text(".gl-column[data-variant=fixed] .gl-badge") == "clean"
    assert page.locator(".gl-names li").all_inner_texts() == ["main", "worker 1", "worker 2"] * 2
    page.wait_for_function(f"() => ({COLOURS})('.gl-plot').every((colours) => colours > 1)")


def test_the_findings_stand_in_a_table_and_in_words(opened):
    page = opened.open(report())
    assert "for range jobs" in opened.text(".gl-why")
    cells = page.locator(".gl-table tbody td").all_inner_texts()
    assert [cell.strip() for cell in cells] == ["2", "proven", "chan receive", "main.worker", "16", "9 main.main"]
    assert page.locator(".gl-row[data-marks~=blocked] .gl-number").inner_text() == "16"
    assert page.locator(".gl-row[data-marks~=started] .gl-number").inner_text() == "9"
    assert page.locator(".gl-row[data-marks~=made] .gl-number").inner_text() == "7"
    assert [row.strip() for row in page.locator(".gl-row[data-sign] code").all_inner_texts()] == [
        "// close(jobs)",
        "close(jobs)",
    ]


def test_a_row_a_lane_and_a_line_light_each_other_up(opened):
    page = opened.open(report())
    lit = page.locator(".gl-source[data-variant=original] .gl-lit .gl-number")
    page.locator(".gl-table tbody tr").hover()
    assert lit.all_inner_texts() == ["7", "9", "16"]
    page.locator("h2").hover()
    assert lit.count() == 0
    page.locator(".gl-table tbody tr").focus()
    assert lit.all_inner_texts() == ["7", "9", "16"]
    page.locator(".gl-table tbody tr").blur()
    page.locator(".gl-source[data-variant=original] .gl-row[data-marks=blocked]").focus()
    assert lit.all_inner_texts() == ["16"]
    page.locator(".gl-source[data-variant=original] .gl-row[data-marks=blocked]").blur()
    assert lit.count() == 0
    lanes = page.locator(".gl-column[data-variant=original] .gl-lanes .gl-plot")
    box = lanes.bounding_box()
    assert box
    lanes.hover(position={"x": box["width"] / 2, "y": 6 + (box["height"] - 10) * 0.5})
    assert lit.all_inner_texts() == ["9", "16"]
    before = page.evaluate(COLOURS, ".gl-column[data-variant=original] .gl-lanes .gl-plot")
    page.locator(".gl-source[data-variant=original] .gl-row").nth(8).hover()
    assert lit.all_inner_texts() == ["9"]
    page.wait_for_function(
        f"before => ({COLOURS})('.gl-column[data-variant=original] .gl-lanes .gl-plot')[0] !== before[0]", arg=before
    )


def test_the_slider_goes_back_through_the_run_by_keyboard(opened):
    page = opened.open(report())
    slider = page.locator(".gl-clock input")
    assert page.locator(".gl-now >> visible=true").count() == 0
    slider.focus()
    page.keyboard.press("Home")
    assert opened.text(".gl-clock output") == "0.00 s"
    assert page.locator(".gl-now >> visible=true").count() == 2
    for _ in range(5):
        page.keyboard.press("PageUp")
    blocked = page.locator(".gl-source[data-variant=original] [data-marks~=blocked]")
    assert blocked.get_attribute("data-standing") == "×2"
    page.keyboard.press("End")
    assert page.locator(".gl-now >> visible=true").count() == 0


def test_a_plot_that_was_moved_shows_all_again_after_a_double_click(opened):
    page = opened.open(report())
    line = page.locator(".gl-column[data-variant=original] .gl-returned")
    before = line.get_attribute("style")
    plot = page.locator(".gl-column[data-variant=original] .gl-plots .gl-plot").first
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 400, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 90, steps=4)
    page.mouse.up()
    page.wait_for_function(
        "before => document.querySelector('.gl-returned').getAttribute('style') !== before", arg=before
    )
    plot.dblclick(position={"x": 300, "y": 90})
    page.wait_for_function(
        "before => document.querySelector('.gl-returned').getAttribute('style') === before", arg=before
    )


def test_play_runs_to_the_end_and_can_be_paused(opened):
    page = opened.open(report())
    play = page.get_by_role("button", name="Play the run again")
    play.click()
    page.wait_for_function("() => Number(document.querySelector('.gl-clock input').value) > 50")
    page.get_by_role("button", name="Pause").click()
    assert page.get_by_role("button", name="Play the run again").count() == 1
    play.click()
    page.wait_for_function("() => document.querySelector('.gl-play').textContent === '▶'")
    assert opened.text(".gl-clock output") == "1.00 s"


def test_what_a_program_prints_stays_text(opened):
    evil = original(stdout=EVIL, leaks=(replace(LEAK, function=EVIL, state=EVIL, explanation=EVIL),))
    page = opened.open(report(original=evil, file=EVIL))
    printed = opened.text(".gl-column[data-variant=original] .gl-output")
    assert "</pre><script>alert(1)</script><img src=x onerror=alert(2)>" in printed
    assert "\u202e" not in page.locator(".goleak").inner_text()
    assert page.locator(".gl-output .gl-fg-1").inner_text() == "red"
    assert page.locator(".goleak script, .goleak img:visible").count() == 0


def test_narrow_windows_put_one_column_under_the_other(opened):
    page = opened.open(report())
    tops = "() => [...document.querySelectorAll('.gl-column')].map((each) => each.getBoundingClientRect().top)"
    first, second = page.evaluate(tops)
    assert first == second
    page.set_viewport_size({"width": 600, "height": 1200})
    first, second = page.evaluate(tops)
    assert second > first
    # BokehJS fits its figures in when the page tells it the new size.
    page.wait_for_function("() => document.documentElement.scrollWidth <= innerWidth")


def test_dark_is_dark_and_readable(opened):
    opened.page.emulate_media(color_scheme="dark")
    page = opened.open(report())
    shades = page.evaluate(
        """() => ["color", "backgroundColor"].map((name) => getComputedStyle(document.querySelector(".goleak"))[name]
             .match(/\\d+(\\.\\d+)?/g).slice(0, 3).reduce((sum, each) => sum + Number(each), 0))"""
    )
    assert shades[0] > 600 and shades[1] < 120


def test_a_report_without_a_fixed_variant_takes_the_whole_width(opened):
    page = opened.open(report(fixed=None, fix=None))
    assert page.locator(".gl-column[data-variant=fixed]").is_hidden()
    box = page.locator(".gl-column[data-variant=original]").bounding_box()
    assert box and box["width"] > 1000


def test_a_program_that_does_not_compile_shows_the_message_at_its_line(opened):
    page = opened.open(BROKEN)
    assert "main.go:3:1: <b>undefined</b>: x" in opened.text(".gl-message")
    assert page.locator(".gl-row[data-marks~=blocked] .gl-number").inner_text() == "3"
    assert page.locator(".gl-clock").is_hidden()


def test_what_one_cannot_see_is_said(opened):
    page = opened.open(report())
    images = page.get_by_role("img").evaluate_all("all => all.map((each) => each.getAttribute('aria-label'))")
    assert "original: goroutines over time, 3 after 1.00 s, 3 at most" in images
    assert all(images)
    unnamed = "all => all.filter((each) => !(each.textContent.trim() || each.getAttribute('aria-label'))).length"
    assert page.locator("button, input, [tabindex='0']").evaluate_all(unnamed) == 0


def test_korean_pages_speak_korean(opened):
    page = opened.open(report(), Words("ko"))
    assert opened.text(".gl-column[data-variant=original] .gl-badge") == "누수"
    assert "Goroutines" not in page.locator(".gl-plots h4").all_inner_texts()


def test_two_thousand_goroutines_make_few_elements(opened):
    from jupyter_goleak.model import Snapshot
    from tests.view.examples import MAIN, worker

    crowd = tuple(worker(number) for number in range(2, 2002))
    snapshots = tuple(Snapshot(n / 100, (MAIN, *crowd[: n * 20])) for n in range(100))
    page = opened.open(report(original=original(snapshots=snapshots), fixed=fixed()))
    assert "worker ×1,980" in page.locator(".gl-names li").all_text_contents()
    assert page.evaluate("() => document.querySelectorAll('.goleak *').length") < 400
    fold = page.get_by_role("button", name="worker ×1,980")
    fold.focus()
    page.keyboard.press("Enter")
    assert fold.get_attribute("aria-expanded") == "true"
    assert page.locator(".gl-column[data-variant=original] .gl-part").all_inner_texts()[0] == "worker 1"
    fold.click()
    assert page.locator(".gl-part").count() == 0
