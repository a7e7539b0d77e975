"""What the tests of the Go helper share."""

from __future__ import annotations

import pytest

from jupyter_goleak.rewriting import Rewriter
from jupyter_goleak.toolchain import find


@pytest.fixture
def rewriter(each_go: str | None) -> Rewriter:
    return Rewriter(find(each_go).helper())
