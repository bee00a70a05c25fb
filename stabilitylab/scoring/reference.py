"""Certified solutions of a problem, one for each truth, computed by the exact engine and cached on disk by content."""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from math import ceil, isqrt, log2
from pathlib import Path
from typing import Any

import mpmath
import numpy.typing as npt
from mpmath import libmp

from stabilitylab.core.arguments import require_choice, require_whole
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.cache import cache_folder
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import TRUTHS, Reference, Truth
from stabilitylab.data.problem import Problem
from stabilitylab.exact.dependent import refused
from stabilitylab.exact.gram.inputs import ExactInput, column_names, exact_input_of, require_truth_of_arrays
from stabilitylab.exact.gram.reading import read
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.interval import Interval, exactly
from stabilitylab.exact.statistics import Accuracy, Evidence, evidence_of
from stabilitylab.scoring.accuracy import CERTIFIED_DIGITS

ENGINE = "exact Gram, 2"  # raised when the numbers a reference holds may change
POLICIES = ("full-rank", "minimum-norm", "basic")
MOST_DIGITS = 10_000


@in_default_mode
def reference(
    A: Problem | npt.ArrayLike,
    b: npt.ArrayLike | None = None,
    *,
    truth: Truth = "matrix",
    digits: int = CERTIFIED_DIGITS,
    policy: str = "full-rank",
    kept: Sequence[int] | None = None,
) -> Reference:
    """The certified solution of min |b - A x| for one truth of a Problem, or for A (m, n), b (m,) as they are.

    Arrays are taken bit for bit; decimals (text, Decimal), integers and Fractions exactly.

    Every coefficient, standard error, residual norm and R² has at least `digits` proven decimal digits (never fewer
    than 50). An exactly rank-deficient A has many solutions: policy "full-rank" refuses it (RankDeficientError, naming
    the dependent columns), "minimum-norm" gives the one of least norm, "basic" the one on the independent columns
    `kept` (by default those that do not depend on columns before them), zero elsewhere.
    Raises the errors of `data.validation.checked` for arrays that are no problem, and InputError for an unknown policy,
    for digits that are no whole number from 1 to 10,000,
    for a truth asked of arrays, or for `kept` that are not independent columns of A, as many as its rank.
    """
    require_choice("truth", truth, TRUTHS)
    if isinstance(A, Problem):
        if b is not None:
            raise InputError("a Problem brings its own b: call reference(problem, truth=...)")
    elif b is None:
        raise InputError("b is missing: call reference(A, b), or reference(problem, truth=...)")
    else:
        require_truth_of_arrays(truth)
    require_whole("digits", digits, at_least=1)
    if digits > MOST_DIGITS:
        raise InputError(f"digits must be at most {MOST_DIGITS}; got {digits}: seconds become hours beyond that")
    require_choice("policy", policy, POLICIES)
    if kept is not None and policy != "basic":
        raise InputError(f"kept names the columns of a basic solution: ask for policy='basic'; got {policy!r}")
    columns = None if kept is None else tuple(kept)
    if isinstance(A, Problem):
        return _remembered(A, truth, max(digits, CERTIFIED_DIGITS), policy, columns)
    taken = read(A, b, sparse=False, several=False)
    data = taken.inputs[0]
    names = column_names(None, taken.features, data.A.shape[1])
    return _cached(data, names, truth, max(digits, CERTIFIED_DIGITS), policy, columns)


@lru_cache(maxsize=512)
def _remembered(problem: Problem, truth: Truth, digits: int, policy: str, kept: tuple[int, ...] | None) -> Reference:
    return _cached(exact_input_of(problem, truth), problem.feature_names, truth, digits, policy, kept)


def _cached(
    data: ExactInput, names: Sequence[str], truth: Truth, digits: int, policy: str, kept: tuple[int, ...] | None
) -> Reference:
    """From the cache on disk, or computed and put there."""
    key = hashlib.sha256(repr((data.digest, digits, policy, kept, ENGINE)).encode()).hexdigest()
    path = cache_folder() / "references" / key[:2] / f"{key}.json"
    stored = _load(path, truth)
    if stored is not None:
        return stored
    computed = _computed(data, truth, digits, policy, kept, names)
    _store(path, computed)
    return computed


def _computed(
    data: ExactInput, truth: Truth, digits: int, policy: str, kept: tuple[int, ...] | None, names: Sequence[str]
) -> Reference:
    n = data.A.shape[1]
    if kept is not None and not set(kept) <= set(range(n)):
        raise InputError(f"kept must name columns among 0..{n - 1}; got {list(kept)}")
    evidence = evidence_of(data)
    if evidence.solved(digits + 2, inverse=evidence.degrees_of_freedom > 0) is not None:
        if kept is not None and sorted(kept) != list(range(n)):
            raise InputError(f"A has full rank, so that kept must name all {n} columns; got {list(kept)}")
        return _as_reference(evidence, range(n), evidence.sizes, truth, digits, "full-rank")
    independent = independent_columns(evidence.normal)
    if policy == "full-rank":
        raise refused(evidence.normal, independent, names, ["minimum-norm", "basic"])
    if policy == "minimum-norm":
        return _as_reference(evidence.of_least_norm(len(independent)), range(n), evidence.sizes, truth, digits, policy)
    columns = sorted(independent if kept is None else kept)
    if len(columns) != len(independent):
        raise InputError(f"kept must name {len(independent)} independent columns of {n}; got {list(columns)}")
    basic = evidence.restricted(columns)
    if basic.solved(digits + 2) is None:
        raise InputError(f"the columns kept, {list(columns)}, depend on each other")
    return _as_reference(basic, columns, evidence.sizes, truth, digits, policy)


def _as_reference(
    evidence: Evidence, columns: Sequence[int], sizes: Sequence[Interval], truth: Truth, digits: int, policy: str
) -> Reference:
    """What the evidence proves, to `digits` digits each; coefficients of columns that are not there are 0."""
    n = len(sizes)
    bits = ceil((digits + 2) * log2(10)) + 10
    x = [exactly(0)] * n
    for column, value in zip(columns, _narrowed(evidence.coefficients, digits), strict=True):
        x[column] = value
    errors = None
    if evidence.degrees_of_freedom and evidence.rank == n:
        errors = tuple(_root(v, bits) for v in _narrowed(evidence.variances, digits))
    (rss,) = _narrowed(lambda accuracy: [evidence.rss(accuracy)], digits)
    r_squared = None
    if evidence.total:
        (explained,) = _narrowed(lambda accuracy: [evidence.explained(accuracy)], digits)
        r_squared = _mpf(explained * (1 / evidence.total), bits)
    return Reference(
        x=tuple(_mpf(v, bits) for v in x),
        digits=digits,
        truth=truth,
        rank=evidence.rank,
        policy=policy,
        method=evidence.route,
        residual_norm=_root(rss, bits),
        standard_errors=errors,
        r_squared=r_squared,
        scales=tuple(_root(v, bits) for v in sizes),
    )


def _narrowed(enclosed: Callable[[Accuracy], Sequence[Interval]], digits: int) -> Sequence[Interval]:
    """The intervals, once each is so narrow that all its numbers agree in `digits` digits."""
    for accuracy in (digits + 2, 2 * digits, 4 * digits):
        intervals = enclosed(accuracy)
        if all(interval.agrees(digits + 1) for interval in intervals):
            return intervals
    return enclosed(None)


def _mpf(interval: Interval, bits: int) -> Any:
    """The middle of an interval."""
    return mpmath.mp.make_mpf(_quotient(interval.low + interval.high, 2 * interval.over, bits))


def _root(interval: Interval, bits: int) -> Any:
    """The square root of the middle."""
    p, q = interval.low + interval.high, 2 * interval.over
    # Twice the bits, in units of a power of four.
    half = bits + 8 - (p.bit_length() - q.bit_length()) // 2
    square = (p << 2 * half) // q if half > 0 else p // (q << -2 * half)
    return mpmath.mp.make_mpf(libmp.from_man_exp(isqrt(square), -half, bits, "n"))


def _quotient(p: int, q: int, bits: int) -> Any:
    """p/q to a relative error of 2**-bits, as mpmath's raw number: it would normalise both of these long integers."""
    shift = bits + 8 - abs(p).bit_length() + q.bit_length()
    mantissa = (p << shift) // q if shift > 0 else p // (q << -shift)
    return libmp.from_man_exp(mantissa, -shift, bits, "n")


def _store(path: Path, ref: Reference) -> None:
    """Written beside and renamed, so that no reader ever sees half of it."""
    content = {
        "x": [_text(v) for v in ref.x],
        "digits": ref.digits,
        "rank": ref.rank,
        "policy": ref.policy,
        "method": ref.method,
        "residual_norm": _text(ref.residual_norm),
        "standard_errors": None if ref.standard_errors is None else [_text(v) for v in ref.standard_errors],
        "r_squared": None if ref.r_squared is None else _text(ref.r_squared),
        "scales": [_text(v) for v in ref.scales],
    }
    text = json.dumps(content)
    sealed = json.dumps({"sha256": _seal(path, text), "reference": text})
    part = path.with_name(f"{uuid.uuid4()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(sealed)
        os.replace(part, path)
    except OSError:
        # A cache that cannot be written costs time and nothing else.
        with suppress(OSError):
            part.unlink()


def _load(path: Path, truth: Truth) -> Reference | None:
    """The stored reference; None where there is none, or where the file is damaged and must be made again."""
    try:
        sealed = json.loads(path.read_text())
        text = sealed["reference"]
        if _seal(path, text) != sealed["sha256"]:
            return None
        content = json.loads(text)
        errors = content["standard_errors"]
        return Reference(
            x=tuple(map(_number, content["x"])),
            digits=content["digits"],
            truth=truth,
            rank=content["rank"],
            policy=content["policy"],
            method=content["method"],
            residual_norm=_number(content["residual_norm"]),
            standard_errors=None if errors is None else tuple(map(_number, errors)),
            r_squared=None if content["r_squared"] is None else _number(content["r_squared"]),
            scales=tuple(map(_number, content["scales"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _seal(path: Path, text: str) -> str:
    """SHA-256 of the key and the content: a file under another's name is as little believed as a changed digit."""
    return hashlib.sha256(f"{path.stem}\n{text}".encode()).hexdigest()


def _text(value: Any) -> str:
    sign, mantissa, exponent, _ = value._mpf_
    return f"{'-' if sign else ''}{int(mantissa):x}p{int(exponent)}"


def _number(text: str) -> Any:
    mantissa, _, exponent = text.partition("p")
    return mpmath.mp.make_mpf(libmp.from_man_exp(int(mantissa, 16), int(exponent)))
