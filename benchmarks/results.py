"""The file of figures, `results.md`: each measurement keeps a section of its own up to date."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results.md"
TITLE = "# Figures"


def machine(version: str) -> str:
    """What the figures were measured on, and what else it had to do."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} processors ({platform.machine()}) with {memory:.0f} GB of memory, {version}, Python "
        f"{platform.python_version()}; load when it began: {os.getloadavg()[0]:.1f}"
    )


def publish(heading: str, text: str) -> None:
    """Put the text under that heading, in the place of what stood there."""
    old = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = dict(section.partition("\n")[::2] for section in f"\n{old}".split("\n## ")[1:])
    sections[heading] = f"\n{text.strip()}\n"
    whole = "".join(f"\n## {name}\n\n{body.strip()}\n" for name, body in sections.items())
    RESULTS.write_text(f"{TITLE}\n{whole}", encoding="utf-8")
    print(f"## {heading}\n\n{text.strip()}\n", flush=True)
