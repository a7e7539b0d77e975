"""One server for all of these tests; for each a browser, and pages without a past."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.jupyter import Server, Watched, launch, open_page, serve


@pytest.fixture(scope="session")
def lab(go: str, own_world: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture
def opened(lab: Server, browser: Browser) -> Callable[..., AbstractContextManager[Watched]]:
    """`with opened(**options) as watched`: a page of JupyterLab; options are those of a browser context."""
    return partial(open_page, browser, lab)


@pytest.fixture
def watched(opened: Callable[..., AbstractContextManager[Watched]]) -> Iterator[Watched]:
    """A page of JupyterLab that must neither complain nor want anything from other hosts."""
    with opened() as watched:
        yield watched
        assert watched.complaints == []
        assert watched.foreign == []
