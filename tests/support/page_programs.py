"""Runs the programs that stand on pages, and says where one prints something else than its page says."""

import ast
import json
import re
import subprocess
import sys
from fractions import Fraction

import numpy as np

from paths import ROOT
from stabilitylab.probes.rank_policy.outcomes import KEPT_TO

GAIN = 1.0  # digits by which a remedy is ahead, at least: less is no rank

RUN = """
import contextlib, io, json, sys, traceback
sources, together = json.load(sys.stdin)
space, printed = {"__name__": "page"}, []
for source in sources:
    said, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(source, "page", "exec"), space if together else {"__name__": "page"})
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    printed.append((said.getvalue(), error))
json.dump(printed, sys.__stdout__)
"""


def run(sources, *, together=False):
    """What each program prints, and the error that ended it ("" for none), all in one process of their own."""
    command = [sys.executable, "-W", "ignore", "-c", RUN]
    asked = json.dumps([list(sources), together])
    done = subprocess.run(command, cwd=ROOT, input=asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def numbers(text):
    """The numbers in a text, in their order."""
    return [float(one) for one in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?|-?inf|nan", text)]


def disagreement(program, printed, error):
    """Why what a program of a library's page printed is not what the page says; "" where it is.

    One that measures a row again prints its digits, to one digit; one of a rank policy has the exact solution at the
    first share and not at the last; one of a law prints two lines that the law says are equal, and are not.
    """
    lines = printed.splitlines()
    if exact := re.search(r"# exactly (.*)", program.code):
        # The last coefficient is that along the direction which is kept or lost; round-off may move the others.
        right = float(Fraction(exact[1].split(",")[-1].strip()))
        shares = [numbers(line)[-1] for line in lines]
        kept = bool(shares) and abs(shares[0] - right) <= KEPT_TO * abs(right)
        lost = bool(error) or len(shares) == 1 or not abs(shares[-1] - right) <= KEPT_TO * abs(right)
        return "" if kept and lost else f"exactly {right}: {printed}{error}"
    if error:
        return error
    if "sl.measure(" in program.code:
        said = re.search(r"with (?:(no answer)|([\d.]+) correct digits)", program.before)
        if said is None:
            return f"nothing is said before it of what it prints: {program.before!r}"
        first = lines[0].split()[0]
        agrees = first == "None" if said[1] else first != "None" and abs(float(first) - float(said[2])) < 1
        return "" if agrees else f"{said[0]}: {lines[0]}"
    if program.code.startswith("# "):
        half = len(lines) // 2
        one, other = numbers(" ".join(lines[:half])), numbers(" ".join(lines[half:]))
        return "" if one and other and not close(one, other, 1e-9) else f"two equal lines: {printed}"
    return "a program of no known kind"


def close(some, others, within):
    """Whether two lists of numbers agree, relative to the larger."""
    return len(some) == len(others) and np.allclose(some, others, rtol=within, atol=0)


def unkept(code, printed):
    """The comments behind print(...) at the top level that are not what is printed, number by number.

    A number agrees to a unit of the last place that is written; a comment without a number promises nothing.
    """
    ends = {node.end_lineno for node in ast.parse(code).body if ast.unparse(node).startswith("print(")}
    comments = [re.search(r"\)\s*#(.*)$", code.splitlines()[end - 1]) for end in sorted(ends)]
    lines = printed.splitlines()
    return [
        f"{comment[1].strip()} is not {line}"
        for comment, line in zip(comments, lines, strict=len(lines) == len(comments))
        if comment and not _kept(re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", comment[1]), numbers(line))
    ]


def gains(printed):
    """Whether a print-out shows what came of a change: its last number of digits far above its first, or values."""
    counted = [float(one) for one in re.findall(r"^(\d+\.\d) digits", printed, flags=re.MULTILINE)]
    return counted[-1] - counted[0] > GAIN if counted else bool(re.search(r"\d", printed))


def _kept(written, printed):
    def unit(text):
        mantissa, _, exponent = text.partition("e")
        return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))

    shown = printed[: len(written)]
    return len(shown) == len(written) and all(
        abs(float(text) - number) <= unit(text) * 1.000001 for text, number in zip(written, shown, strict=True)
    )
