"""The lesson's notebook as its reader meets it: in JupyterLab, cell by cell, the pictures moving while the program runs."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01-abandoned-receivers.ipynb"

pytestmark = [pytest.mark.browser, pytest.mark.toolchain]


def test_open(watched):
    watched.open(NOTEBOOK)
    watched.screenshot("opened.png")
    assert watched.complaints == []
    assert watched.foreign == []
