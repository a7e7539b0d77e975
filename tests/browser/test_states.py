"""What a reader meets besides the lesson that goes well: a page that is loaded anew, a kernel that is gone, a notebook nobody trusts,
programs that do not go well, other looks and another front end."""

from __future__ import annotations

import json
import re
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import LOAD, PATIENCE_MS, open_page, serve
from tests.browser.programs import BROKEN, CROWD, DEADLOCK, HOSTILE, lesson

pytestmark = [pytest.mark.browser, pytest.mark.toolchain]

LEAK, CLEAN = "goroutines can never end", "Every goroutine ended"


@pytest.fixture
def view(watched):
    """`view(*cells)`: the live view after a new notebook of these cells has run."""

    def run(*cells, name="notebook.ipynb"):
        watched.open(watched.server.write(name, LOAD, *cells))
        watched.run_all()
        return watched.page.locator(".goleak")

    return run


def shows_the_result(view):
    """Both verdicts, and plots that BokehJS has drawn."""
    expect(view.locator("[data-variant=original] .gl-sentence")).to_contain_text(LEAK, timeout=PATIENCE_MS)
    expect(view.locator("[data-variant=fixed] .gl-sentence")).to_contain_text(CLEAN)
    expect(view.locator("[data-drawn]")).to_have_count(2)


def test_the_result_is_there_after_a_reload_without_a_kernel_and_without_trust(watched, view):
    shows_the_result(view(lesson(), name="kept.ipynb"))
    page, kept = watched.page, watched.server.folder / "kept.ipynb"
    saved = watched.save(kept)
    assert kept.stat().st_size < 200_000
    page.reload()
    watched.wait_until_ready()
    shows_the_result(page.locator(".goleak"))
    still = page.locator(".goleak-static img")
    assert not still.is_visible()

    watched.choose("Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    watched.wait_until_ready()
    page.reload()
    watched.wait_until_ready()
    still.wait_for(timeout=PATIENCE_MS)
    assert LEAK in (still.get_attribute("alt") or "")
    assert page.locator(".goleak").count() == 0

    saved["metadata"]["changed"] = "by somebody else"
    stranger = kept.with_name("stranger.ipynb")
    stranger.write_text(json.dumps(saved), encoding="utf-8")
    watched.open(stranger)
    still.wait_for(timeout=PATIENCE_MS)
    assert still.evaluate("image => image.complete && image.naturalWidth > 500")
    assert CLEAN in (still.get_attribute("alt") or "")
    watched.look_at(still)
    watched.screenshot("untrusted.png")


def test_the_view_is_in_sight_after_the_long_build_of_a_first_time(watched, tmp_path):
    below = "# Shift-Enter goes on to this cell.\n" * 50
    cells = (LOAD, f"%env GOCACHE={tmp_path}", lesson(), below)
    watched.open(watched.server.write("first.ipynb", *cells))
    page = watched.page
    watched.watch()
    page.locator(".jp-Notebook .jp-Cell").first.click()
    for _ in cells[:-1]:
        page.keyboard.press("Shift+Enter")
    page.wait_for_function("() => goleakSeen.original.length > 4", timeout=PATIENCE_MS)
    assert watched.is_in_sight(page.locator(".goleak [data-variant=original] .gl-plot").first)
    shows_the_result(page.locator(".goleak"))


def test_in_dark_and_in_a_narrow_window_everything_is_in_its_place(watched, view):
    shown = view(lesson())
    page = watched.page
    watched.choose("Settings", "Theme")
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^JupyterLab Dark$")).click()
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    watched.look_at(shown)
    watched.screenshot("dark.png")
    paper = "() => getComputedStyle(document.querySelector('.goleak')).backgroundColor.match(/\\d+/g).map(Number)"
    assert max(page.evaluate(paper)[:3]) < 60
    page.set_viewport_size({"width": 620, "height": 1600})
    first, second = (shown.locator(f".gl-column[data-variant={name}]").bounding_box() for name in ("original", "fixed"))
    assert first and second and second["y"] >= first["y"] + first["height"]
    watched.look_at(shown)
    watched.screenshot("narrow.png")
    page.set_viewport_size({"width": 1280, "height": 1000})
    watched.choose("Settings", "Theme")
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^JupyterLab Light$")).click()
    page.locator("body[data-jp-theme-light=true]").wait_for(state="attached")


def test_korean_and_the_fix_in_a_new_cell(watched, view):
    shown = view('%config GoLeak.language = "ko"', lesson("--name albums --timeout 30s"))
    expect(shown.locator("[data-variant=fixed] .gl-badge")).to_have_text("누수 없음")
    watched.look_at(shown)
    watched.screenshot("korean.png")
    shown.get_by_role("button", name="수정본을 새 셀에 넣기").click()
    new = watched.page.locator(".jp-CodeCell").nth(3)
    new.wait_for()
    assert new.locator(".cm-line").first.inner_text() == "%%goleak --fixes albums --timeout 30s"
    new.click()
    watched.page.keyboard.press("Shift+Enter")
    expect(new.locator(".gl-column[data-variant=fixed] .gl-badge")).to_have_text("누수 없음", timeout=PATIENCE_MS)


def test_insert_puts_the_fix_below_its_own_cell(watched):
    watched.open(watched.server.write("notebook.ipynb", LOAD, lesson("--insert"), "'the end'"))
    watched.choose("Run", "Run All Cells")
    cells = watched.page.locator(".jp-CodeCell")
    expect(cells).to_have_count(4, timeout=PATIENCE_MS)
    assert cells.nth(2).locator(".cm-line").first.inner_text() == "%%goleak --fixes _"


def test_ten_thousand_goroutines_share_a_lane_and_few_elements(watched, view):
    shown = view(CROWD)
    expect(shown.locator("[data-variant=original] .gl-sentence")).to_contain_text("10,000 goroutines can never end")
    assert shown.evaluate("view => view.querySelectorAll('*').length") < 500
    assert shown.get_by_role("button", name="subscriber ×10,000").first.is_visible()
    watched.look_at(shown)
    watched.screenshot("crowd.png")


def test_programs_that_go_wrong_say_how(watched, view):
    shown = view(DEADLOCK)
    expect(shown.locator("[data-variant=original] .gl-badge")).to_have_text("deadlock")
    assert shown.locator(".gl-names li").count() == 3
    watched.look_at(shown)
    watched.screenshot("deadlock.png")
    watched.open(watched.server.write("broken.ipynb", LOAD, BROKEN))
    watched.run_all()
    error = watched.page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
    expect(error).to_contain_text("undefined: leter")
    assert "Traceback" not in error.inner_text()
    watched.look_at(watched.page.locator(".jp-CodeCell").last)
    watched.screenshot("build-error.png")


def test_what_a_program_prints_is_text(watched, view):
    shown = view(HOSTILE)
    output = shown.locator("[data-variant=original] .gl-output")
    expect(output).to_contain_text("the last line")
    text = output.inner_text()
    assert "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'></style></pre>" in text
    assert not {"\x1b", "\a", "\x00", "\u202e", "\u200f"} & set(text)
    assert len(text) < 30_000
    expect(output.locator(".gl-fg-1")).to_have_text("red")
    assert watched.page.evaluate("() => window.pwned") is None
    assert shown.locator("script, img:visible").count() == 0


def test_notebook_7_shows_the_same(go, browser, tmp_path_factory):
    with (
        serve(tmp_path_factory.mktemp("notebook"), "notebook") as server,
        open_page(browser, server) as watched,
        closing(watched.page),
    ):
        watched.open(server.write("notebook.ipynb", LOAD, lesson()))
        watched.complaints.clear()  # its own, from before anything of ours is on the page
        watched.watch()
        watched.run_all()
        shows_the_result(watched.page.locator(".goleak"))
        assert min(watched.steps().values()) >= 3
        assert watched.complaints == []
        assert watched.foreign == []
