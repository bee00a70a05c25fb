"""Whether the tests notice a mutant: those that reach it are run with it in place of the module, quick ones first."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from .mutants import Mutant
from .processes import in_child
from .reach import ROOT, Reach

SLACK, STARTING = 10.0, 60.0  # a mutant has so many times the tests' own time, and so many seconds to start


@dataclass(frozen=True)
class Judged:
    """A mutant and what became of it: "killed", "timed out", "survived" or "not reached"; tests: how many reach it."""

    mutant: Mutant
    outcome: str
    tests: int


class Replaced(importlib.abc.MetaPathFinder):
    """An import hook that gives one module another source; the file stays as it is."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> Any:
        """The module with the other source; None for every other module."""
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=_Loader(name, self.path, self.source))


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: Path, source: str) -> None:
        super().__init__(name, str(path))
        self.text = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


def judge(mutant: Mutant, reach: Sequence[Reach]) -> Judged:
    """Run the tests that reach the statement of a mutant, or all that reach the module where it runs on import."""
    chosen: list[Reach] = []
    # A statement such as `continue` has no line of its own in the compiled code.
    for first in (mutant.first, mutant.first - 1):
        lines_of = ((one, one.lines.get(mutant.module, ())) for one in reach)
        chosen = chosen or [one for one, lines in lines_of if any(first <= line <= mutant.last for line in lines)]
    # What runs on import belongs to all tests beside those that reach the module: some look at its constants alone.
    files = {_file(one) for one in reach if mutant.module in one.lines}
    chosen = chosen or [one for one in reach if _file(one) in files]
    tests = sorted(chosen, key=lambda one: one.seconds)
    if not tests:
        return Judged(mutant, "not reached", 0)
    path = ROOT / mutant.module
    name = ".".join(Path(mutant.module).with_suffix("").parts).removesuffix(".__init__")

    def run() -> int:
        sys.meta_path.insert(0, Replaced(name, path, mutant.source))
        names = [one.test for one in tests]
        return int(pytest.main(["-x", "-q", "-n", "0", "--no-header", "-p", "no:cacheprovider", *names]))

    ended = in_child(run, STARTING + SLACK * sum(one.seconds for one in tests))
    outcome = {None: "timed out", 0: "survived"}.get(ended.code, "killed")
    return Judged(mutant, outcome, len(tests))


def _file(one: Reach) -> str:
    return one.test.partition("::")[0]
