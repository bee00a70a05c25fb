"""Experiments and work planted for the tests of the running half; light, since worker processes import it."""

import os
import signal
import time
from pathlib import Path

GRID = """
from stabilitylab.lab import Experiment, Finding, Lines, Pivot, case, cases

EXPERIMENT = Experiment(
    problems=cases("synthetic.randsvd", cond=(1e2, 1e8), m=12, n=3, seed=(0, 1)),
    solvers=("qr.householder", "normal.cholesky"),
    metrics=("digits.min", "error.normwise"),
    permuted=1,
    tables=(Pivot("Digits", rows="problem.cond", columns="solver", reduce="min"),),
    findings=(
        Finding(
            "Householder QR keeps {kept:.1f} digits.",
            lambda rows: rows.where(solver="qr.householder").values("digits.min"),
            lambda rows: {"kept": min(rows.where(solver="qr.householder").values("digits.min"))},
        ),
    ),
)
"""

DRAWN = GRID.replace(
    "    findings", '    figures=(Lines("Errors", x="problem.cond", y="error.normwise"),),\n    findings'
)

SOLVERS = '''
import os
import time
from pathlib import Path

import numpy as np

from stabilitylab.lab import Experiment, Finding, cases, solvers


def planted(name):
    return solvers.solver("planted." + name, source="written to misbehave")


@planted("good")
def good(A, b):
    """Solves."""
    return np.linalg.lstsq(A, b)[0]


@planted("slow")
def slow(A, b):
    """Solves, late."""
    time.sleep(0.1)
    return good(A, b)


@planted("waits")
def waits(A, b):
    """Solves the first two problems at once, the others when a file `go` stands beside this one."""
    while b[0] not in EARLY and not Path(__file__).with_name("go").exists():
        time.sleep(0.02)
    return good(A, b)


@planted("hangs")
def hangs(A, b):
    """Never comes back from one of the problems."""
    while b[0] == HARD:
        time.sleep(0.05)
    return good(A, b)


@planted("dies")
def dies(A, b):
    """Takes its process down on one of the problems."""
    if b[0] == HARD:
        os._exit(7)
    return good(A, b)


CASES = cases("synthetic.randsvd", m=8, n=2, seed=range(%(seeds)d))
HARD = CASES[0].build().b[0]
EARLY = [case.build().b[0] for case in CASES[:2]]
EXPERIMENT = Experiment(
    problems=CASES,
    solvers=(%(solvers)s,),
    findings=(Finding("There are rows.", lambda rows: len(rows) > 0),),
    limit=%(limit)g,
)
'''


def experiment(folder: Path, name: str = "planted", text: str = GRID, question: str = "Is this planted?") -> Path:
    """An experiment file in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(f'"""{question}\n\nA planted experiment.\n"""\n{text}', "utf-8")
    return path


def with_solvers(folder: Path, *solvers: str, seeds: int = 3, limit: float = 60.0) -> Path:
    """An experiment file that brings the planted solvers named."""
    names = ", ".join(repr(f"planted.{name}") for name in solvers)
    return experiment(folder, text=SOLVERS % {"solvers": names, "seeds": seeds, "limit": limit})


# --- work for processes

LIMIT = 0.6  # seconds of the watchdog in `do`


def do(task: tuple[str, ...]) -> tuple[str, ...]:
    """What a task says, word by word: "die", "hang", "raise", "interrupt", "wait", or nothing in particular."""
    from stabilitylab.bench.pool import watchdog

    done = []
    for word in task:
        with watchdog(LIMIT):
            if word in ("die", "wait"):
                time.sleep(0.2)
            if word == "die":
                os._exit(3)
            if word == "interrupt":
                os.kill(os.getpid(), signal.SIGINT)
            while word == "hang":
                time.sleep(0.05)
            if word == "raise":
                raise ZeroDivisionError("as planted")
            done.append(word.upper())
    return tuple(done)


def words(task: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The parts of a task."""
    return [(word,) for word in task]
