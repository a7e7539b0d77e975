"""The live view's half in the kernel: what reaches the page, when, and how much of it."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator

import pytest

from jupyter_goleak.events import Printed, Sampled, Snapped, Started
from jupyter_goleak.model import Sample, Snapshot
from jupyter_goleak.view import live
from jupyter_goleak.view.bokehjs import bokehjs, loader
from jupyter_goleak.view.figure import figures
from jupyter_goleak.view.live import LiveView, headless, script, style
from jupyter_goleak.view.state import VARIANTS
from jupyter_goleak.view.words import Words
from tests.view.examples import SOURCE, worker


@pytest.fixture
def view() -> Iterator[LiveView]:
    view = LiveView(title="a title", words=Words("en"))
    yield view
    view.close()


@pytest.fixture
def sent(view, monkeypatch) -> list[set[str]]:
    """The names of the traits in each message to the page."""
    messages: list[set[str]] = []
    monkeypatch.setattr(view.widget, "_send", lambda message, buffers=None: messages.append(set(message["state"])))
    return messages


def test_the_page_has_the_whole_state_at_the_end(view, leaky_events):
    for event in leaky_events:
        view.handle(event)
    widget = view.widget
    assert widget.head["finished"] and widget.head["title"] == "a title"
    assert widget.facts_original["sentence"] == "2 goroutines can never end."
    assert widget.facts_fixed["verdict"] == "clean"
    assert list(array("f", widget.series_original["count"])) == [1.0, 3.0]
    assert widget.bars_original["names"] == ("main", "worker 1", "worker 2")
    assert "".join(text for *_, text in widget.output_original["pieces"]) == "hello <b>world</b>\n"
    assert widget.code_fixed["diff"]
    assert widget.still.startswith("data:image/svg+xml;base64,")


def test_a_storm_of_events_makes_no_storm_of_messages(view, sent, monkeypatch):
    clock = 100.0
    monkeypatch.setattr(live.time, "monotonic", lambda: clock)
    view.handle(Started("original", SOURCE))
    sent.clear()
    for n in range(1000):
        clock = 100.0 + n / 1000
        view.handle(Sampled("original", Sample(n / 1000, 1 + n % 5, 0)))
    assert 8 <= len(sent) <= 11
    assert all(names == {"facts_original", "series_original"} for names in sent)


def test_lanes_are_sent_with_every_second_refresh_and_none_is_lost(view, sent, monkeypatch):
    clock = 100.0
    monkeypatch.setattr(live.time, "monotonic", lambda: clock)
    view.handle(Started("original", SOURCE))
    sent.clear()
    for n in range(40):
        clock = 100.0 + n / 10
        view.handle(Snapped("original", Snapshot(n / 10, (worker(2, "select" if n % 2 else "chan receive"),))))
    with_lanes = sum("bars_original" in names for names in sent)
    assert len(sent) >= 35 and with_lanes in (len(sent) // 2, len(sent) // 2 + 1)
    sent.clear()
    view.flush()
    view.flush()
    assert sum("bars_original" in names for names in sent) <= 1
    assert view.widget.get_state()["bars_original"] == live.PARTS["bars"](
        view.scene.columns["original"], view.scene.words
    )


def test_only_what_has_changed_is_sent(view, sent):
    view.flush()
    assert sent == []
    view.handle(Started("fixed", SOURCE))
    assert sent and not any(name.endswith("_original") for names in sent for name in names)


def test_what_waits_is_sent_with_the_next_event_that_says_something_new(view, leaky_events, monkeypatch):
    monkeypatch.setattr(live.time, "monotonic", lambda: 100.0)
    for event in leaky_events[:-1]:
        view.handle(event)
    assert view.widget.facts_original["status"] == "ended"
    assert view.widget.bars_fixed["names"]


def test_a_second_page_gets_the_same_state_as_the_first(view, leaky_events):
    for event in leaky_events:
        view.handle(event)
    state = view.widget.get_state()
    assert {f"{part}_{variant}" for part in live.PARTS for variant in VARIANTS} <= set(state)
    assert state["facts_original"] == view.widget.facts_original


def test_a_long_run_keeps_its_messages_small(view):
    view.handle(Started("original", SOURCE))
    states = ("runnable", "chan receive", "select", "sync.Mutex.Lock")
    for n in range(3000):
        t = n / 50
        view.handle(Sampled("original", Sample(t, 61, 60)))
        view.handle(Snapped("original", Snapshot(t, tuple(worker(k, states[(n + k) % 4]) for k in range(2, 60)))))
        view.handle(Printed("original", t, "stdout", f"line {n} of the output\n"))
    view.flush()
    parts = {name: getattr(view.widget, f"{name}_original") for name in live.PARTS}
    sizes = {name: len(json.dumps(part, default=lambda each: "x" * len(each))) for name, part in parts.items()}
    assert sizes["series"] < 60_000
    assert sizes["bars"] < 100_000
    assert sizes["output"] < 80_000
    assert sizes["facts"] < 10_000


def test_the_stop_button_calls_stop_once_for_each_press():
    calls = []
    view = LiveView(on_stop=lambda: calls.append("stop"))
    assert view.widget.stoppable
    view.widget._handle_custom_msg({"do": "stop"}, [])
    view.widget._handle_custom_msg({"do": "something else"}, [])
    view.widget._handle_custom_msg("nonsense", [])
    assert calls == ["stop"]
    view.close()


def test_without_anyone_to_stop_there_is_no_button(view):
    assert not view.widget.stoppable
    view.widget._handle_custom_msg({"do": "stop"}, [])


def test_closing_frees_the_widget_and_keeps_the_loader():
    view = LiveView()
    view.close()
    view.close()
    assert view.widget.comm is None
    assert loader().comm is not None


def test_the_loader_brings_the_installed_bokehjs_and_nothing_else():
    import gzip

    import bokeh

    assert bokeh.__version__ in bokehjs()
    assert gzip.decompress(loader().bokehjs).decode() == bokehjs()
    assert len(loader().bokehjs) < 500_000


def test_the_figures_are_named_as_the_script_asks_for_them():
    import re

    from bokeh.document import Document

    document = Document.from_json(figures()["doc"])
    names = {model.name for root in document.roots for model in root.references() if model.name}
    asked = set(re.findall(r'this\.get\("(\w+)"\)', script()))
    asked |= {
        name.replace("${variant}", each)
        for name in re.findall(r"this\.(?:get|keep)\(`([^`]+)`", script())
        for each in VARIANTS
        if "${name}" not in name
    }
    asked |= {f"{name}_{each}" for name in re.findall(r'glyph\("(\w+)"\)', script()) for each in VARIANTS}
    assert asked <= names
    assert set(figures()["roots"]) == {f"{what}_{each}" for what in ("count", "lanes", "memory") for each in VARIANTS}


def test_the_page_is_told_no_address_of_another_host():
    import re

    allowed = {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\s\"'`)]+", script() + style())) <= allowed


def test_the_script_is_one_module_with_one_export():
    assert script().count("export default") == 1
    assert "import " not in script().replace("import(", "")


@pytest.mark.parametrize(("environment", "alone"), [({}, True), ({"SERVER_SOFTWARE": "voila/0.5"}, False)])
def test_without_a_kernel_no_page_looks_on(environment, alone):
    assert headless(environment) is alone
