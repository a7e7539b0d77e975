"""How many leaks the search for a fix cures, and how often its edit is the one made by hand.

Takes the corpus's leaky programs (`tests/corpus/leaky`) without the cures that stand in their comments, so that the search has to
find each. A fix has the *same text* where the repaired program is the one by hand, and the *same shape* where the same
strategy was at work.

    python benchmarks/repair.py [--only REGEXP] [--budget 20s] [--json PATH]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from jupyter_goleak import check
from tests.corpus import Case, leaky_cases


@dataclass(frozen=True)
class Result:
    """What came of one program. `expected` and `strategy` are the strategies by hand and of the search."""

    name: str
    expected: str
    strategy: str
    title: str
    verified: bool
    same_shape: bool
    same_text: bool
    seconds: float
    attempts: tuple[tuple[str, str, str], ...]


def without_comments(source: str) -> str:
    """The program without lines that are only a comment: no cure is left to be found there."""
    return "".join(line for line in source.splitlines(keepends=True) if not line.lstrip().startswith("//"))


def repair(case: Case, budget: str) -> Result:
    """Search for the fix of one case."""
    expected = case.expect.get("strategy", "")
    started = time.perf_counter()
    report = check(without_comments(case.main), repair_budget=budget, **case.expect.get("options", {}))
    seconds = time.perf_counter() - started
    fix = report.fix
    by_hand = without_comments(case.fixed or "")
    return Result(
        name=case.name,
        expected=expected,
        strategy=fix.strategy if fix else "",
        title=fix.title if fix else "",
        verified=fix is not None and fix.verified,
        same_shape=fix is not None and (fix.strategy == expected or _code(fix.source) == _code(by_hand)),
        same_text=fix is not None and _code(fix.source) == _code(by_hand),
        seconds=seconds,
        attempts=tuple((each.title, each.outcome, each.detail) for each in report.attempts),
    )


def _code(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEXP", help="cases whose name matches")
    parser.add_argument("--budget", default="20s", help="time for the search, for each program")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the results there, too")
    asked = parser.parse_args()
    results = []
    for case in leaky_cases():
        if not re.search(asked.only, case.name):
            continue
        result = repair(case, asked.budget)
        results.append(result)
        sign = "verified" if result.verified else "NONE"
        shape = "same text" if result.same_text else "same shape" if result.same_shape else "other"
        print(
            f"{result.name:42} {result.expected:22} {sign:9} {shape if result.verified else '':11} "
            f"{result.seconds:5.1f} s  {result.strategy}: {result.title}",
            flush=True,
        )
        if not result.verified:
            for title, outcome, detail in result.attempts:
                print(f"    {outcome:17} {title}  {detail.splitlines()[0] if detail else ''}")
    count = len(results)
    print(
        f"verified {sum(each.verified for each in results)} of {count}, "
        f"same shape {sum(each.same_shape for each in results)} of {count}, "
        f"same text {sum(each.same_text for each in results)} of {count}, "
        f"median {sorted(each.seconds for each in results)[count // 2]:.1f} s"
    )
    if asked.json:
        asked.json.write_text(json.dumps([asdict(each) for each in results], indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
