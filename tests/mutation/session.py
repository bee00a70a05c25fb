"""A run over modules: their tests are traced once, each mutant is judged, and the outcomes are counted."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flint  # noqa: F401 - imported before the processes are forked, so that none has to
import hypothesis  # noqa: F401
import mpmath  # noqa: F401
import numpy  # noqa: F401
import scipy.linalg  # noqa: F401

from .judge import Judged, judge
from .mutants import mutants
from .reach import PACKAGE, ROOT, Reach, reached
from .table import Tally, equivalents

ROOMS = {
    "exact": ("tests/exact", "tests/probes/test_fuzz.py"),
    "scoring/metrics": ("tests/scoring",),
    "scoring/theory": ("tests/scoring",),
    "scoring/reference.py": ("tests/scoring",),
    "probes/metamorphic/laws.py": ("tests/probes/test_metamorphic_laws.py", "tests/probes/test_law_pairs.py"),
}
"""What is tested by mutants, and by which tests."""

sys.path.insert(0, str(ROOT / "tests" / "support"))


def modules(named: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """(path from the root, its tests) for every module that is named, or for all. Raises ValueError for no module."""
    found = []
    for place, tests in ROOMS.items():
        paths = [PACKAGE / place] if place.endswith(".py") else sorted((PACKAGE / place).rglob("*.py"))
        found += [(str(path.relative_to(ROOT)), tests) for path in paths if path.name != "__init__.py"]
    chosen = [one for one in found if not named or any(name in one[0] for name in named)]
    if not chosen:
        raise ValueError(f"no module is named {', '.join(named)}: give a path such as exact/solve/interval.py")
    return chosen


def run(
    named: Sequence[str], tests: Sequence[str], count: int, seed: int, jobs: int, cache: Path
) -> tuple[list[Tally], list[str]]:
    """The tally of every module, and the diffs of the mutants that survived; tests: in place of those of ROOMS."""
    chosen = [(module, tuple(tests) or of_room) for module, of_room in modules(named)]
    reach = {names: reached(_files(names), cache) for names in dict.fromkeys(names for _, names in chosen)}
    with ThreadPoolExecutor(jobs) as pool:
        outcomes = list(pool.map(lambda one: of_module(one[0], reach[one[1]], count, seed), chosen))
    return [tally for tally, _ in outcomes], [diff for _, diffs in outcomes for diff in diffs]


def of_module(module: str, reach: Sequence[Reach], count: int, seed: int) -> tuple[Tally, list[str]]:
    """The tally of one module, and the diffs of its survivors."""
    source, known = (ROOT / module).read_text("utf-8"), equivalents()
    outcomes: Counter[str] = Counter()
    survivors = []
    for line in stale(module, source, known):
        print(f"no mutant of {module} any more, though listed as equivalent: {line}", file=sys.stderr, flush=True)
    for mutant in mutants(module, source, count, seed):
        if (module, mutant.inside, mutant.was, mutant.now) in known:
            outcomes["equivalent"] += 1
            continue
        judged = judge(mutant, reach)
        outcomes[judged.outcome] += 1
        print(said(judged), file=sys.stderr, flush=True)
        if judged.outcome in ("survived", "not reached"):
            survivors.append(f"{mutant.diff}\n# {judged.outcome}; {judged.tests} tests reach it")
    survived = outcomes["survived"] + outcomes["not reached"]
    counts = outcomes["killed"], outcomes["timed out"], survived, outcomes["equivalent"]
    return Tally(module, outcomes.total(), *counts), survivors


def stale(module: str, source: str, known: Mapping[tuple[str, str, str, str], str]) -> list[str]:
    """The equivalents of a module that are no mutants of its source, since that has changed: to be looked at again."""
    every = {(one.inside, one.was, one.now) for one in mutants(module, source, sys.maxsize, 0)}
    listed = [tuple(change) for name, *change in known if name == module]
    return [f"{inside}: {was} -> {now}" for inside, was, now in listed if (inside, was, now) not in every]


def said(judged: Judged) -> str:
    """One line about a mutant."""
    mutant = judged.mutant
    return f"{judged.outcome:12} {mutant.module}:{mutant.first} {mutant.was!r} -> {mutant.now!r} ({judged.tests} tests)"


def _files(tests: Iterable[str]) -> list[Path]:
    paths = [ROOT / name for name in tests]
    return [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("test_*.py")))]
