"""Which tests reach which lines of the package, found once by running them under `sys.settrace`, and kept."""

import hashlib
import json
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from .processes import in_child

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "stabilitylab"
LIMIT = 900.0  # seconds for one file of tests, traced


@dataclass(frozen=True)
class Reach:
    """One test: its id, how long it took under the trace, and the lines that it ran of each module (its path)."""

    test: str
    seconds: float
    lines: dict[str, frozenset[int]]


class Tracer:
    """A plugin of pytest that records the lines of `watched` files that each test runs."""

    def __init__(self, watched: set[str]) -> None:
        self.watched = watched
        self.lines: set[tuple[str, int]] = set()
        self.found: list[dict[str, Any]] = []
        self.seconds = 0.0

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_code.co_filename in self.watched else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._line

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Trace one test, its fixtures included."""
        self.lines, self.seconds = set(), 0.0
        sys.settrace(self._call)
        threading.settrace(self._call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            lines: dict[str, list[int]] = {}
            for name, line in sorted(self.lines):
                lines.setdefault(str(Path(name).relative_to(ROOT)), []).append(line)
            self.found.append({"test": item.nodeid, "seconds": round(self.seconds, 3), "lines": lines})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up how long setup, call and teardown took."""
        self.seconds += report.duration


def reached(files: list[Path], cache: Path) -> list[Reach]:
    """What each test of these files reaches; taken from the cache where neither the tests nor the package changed.

    Raises RuntimeError where a file of tests does not pass without any mutant.
    """
    cache.mkdir(parents=True, exist_ok=True)
    own = _hash([*sorted(PACKAGE.rglob("*.py")), *sorted((ROOT / "tests" / "support").glob("*.py"))])
    found = []
    for file in files:
        kept = cache / f"{file.stem}-{own[:12]}-{_hash([file])[:12]}.json"
        if not kept.exists():
            _trace(file, kept)
        for one in json.loads(kept.read_text("utf-8")):
            lines = {name: frozenset(numbers) for name, numbers in one["lines"].items()}
            found.append(Reach(one["test"], one["seconds"], lines))
    return found


def _trace(file: Path, kept: Path) -> None:
    watched = {str(path) for path in PACKAGE.rglob("*.py")}

    def run() -> int:
        tracer = Tracer(watched)
        code = pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", str(file.relative_to(ROOT))], plugins=[tracer])
        if code == 0:
            partial = kept.with_suffix(".part")
            partial.write_text(json.dumps(tracer.found), "utf-8")
            os.replace(partial, kept)
        return int(code)

    ended = in_child(run, LIMIT)
    if ended.code != 0:
        raise RuntimeError(f"{file.name} does not pass as it is, so that no mutant can be judged:\n{ended.output}")


def _hash(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()
