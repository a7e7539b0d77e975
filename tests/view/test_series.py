"""Series: as many points as a plot can show, and every peak."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from jupyter_goleak.model import Sample
from jupyter_goleak.view.series import POINTS, Series


def series_of(counts: list[int]) -> Series:
    series = Series()
    for n, count in enumerate(counts):
        series.add(Sample(float(n), count, 0, 10, 20))
    return series


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=5 * POINTS))
def test_it_is_bounded_and_keeps_its_ends(counts):
    series = series_of(counts)
    assert len(series.samples) <= 2 * POINTS
    assert (series.samples[0].t, series.samples[-1].t) == (0.0, float(len(counts) - 1))
    assert series.peak == max(counts)
    times = [sample.t for sample in series.samples]
    assert times == sorted(set(times))


def test_a_single_peak_survives_any_thinning():
    counts = [1] * 50_000
    counts[12_345] = 99
    assert max(sample.count for sample in series_of(counts).samples) == 99


def test_a_sample_from_the_past_is_passed_over():
    series = series_of([1, 2, 3])
    series.add(Sample(0.5, 9, 0))
    assert [sample.count for sample in series.samples] == [1, 2, 3]


def test_columns_are_blocks_of_float32_and_hold_what_changes():
    columns = series_of([1, 1, 4, 4, 1]).columns()
    assert {name: list(array("f", block)) for name, block in columns.items()} == {
        "count_t": [0.0, 2.0, 4.0],
        "count": [1.0, 4.0, 1.0],
        "memory_t": [0.0],
        "memory": [30.0],
    }
