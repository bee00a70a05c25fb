"""The checker of certificates notices every corrupt field, and needs each of its steps for that."""

import ast
from fractions import Fraction
from math import inf, nan, nextafter
from pathlib import Path

import numpy as np
import pytest

from exact_fit import flint_solution
from made_certificates import (
    DEFICIENT,
    FULL,
    HAND,
    LEAST_NORM,
    TIED,
    TIED_B,
    WITH_FACTOR,
    A,
    B,
    approximate_inverse_factor,
    by_hand,
    in_rationals,
    put,
    replaced,
    with_entry,
)
from stabilitylab.exact.least_squares import lstsq
from stabilitylab.exact.proof import checker, entries
from stabilitylab.exact.proof.certificate import Factor
from stabilitylab.exact.proof.checker import check

# --- it says no, with a reason


def shrunk(certificate):
    """One radius a little below what the factor proves."""
    smaller = int(certificate.spread[1] * Fraction(2**60 - 1, 2**60))
    return replaced(certificate, spread=put(certificate.spread, 1, smaller))


CORRUPTIONS = {
    "middle by far more than the radius": (
        lambda c: replaced(c, middle=put(c.middle, 0, c.middle[0] + c.denominator // 2**20 + 2 * c.spread[0] + 1)),
        "radius[0]",
    ),
    "middles swapped": (lambda c: replaced(c, middle=c.middle[::-1]), "radius[0]"),
    "a negative radius": (lambda c: replaced(c, spread=put(c.spread, 2, -1 - c.spread[2])), "radius[2]"),
    "denominator": (lambda c: replaced(c, denominator=2 * c.denominator), "radius[0]"),
    "a ratio": (lambda c: replaced(c, ratios=put(c.ratios, 1, (3, 2))), "radius["),
    "nearest one ulp up": (
        lambda c: replaced(c, nearest=put(c.nearest, 0, nextafter(c.nearest[0], inf))),
        "nearest[0]",
    ),
    "nearest one ulp down": (
        lambda c: replaced(c, nearest=put(c.nearest, 2, nextafter(c.nearest[2], -inf))),
        "nearest[2]",
    ),
    "nearest not a number": (lambda c: replaced(c, nearest=put(c.nearest, 1, nan)), "nearest[1]"),
    "rank too low": (lambda c: replaced(c, rank=2), "rank of A is 3"),
    "rank too high": (lambda c: replaced(c, rank=4), "rank of A is 3"),
}
OF_THE_FACTOR = {
    "alpha halved": (lambda c: replaced(c, alpha=c.alpha / 2), "alpha"),
    "alpha zero": (lambda c: replaced(c, alpha=0.0), "alpha"),
    "one entry of X": (
        lambda c: replaced(c, planes=with_entry(c.factor.planes, (0, 0, 0), lambda v: v * (1 + 2.0**-8))),
        "alpha",
    ),
    "one power": (lambda c: replaced(c, powers=with_entry(c.factor.powers, (0, 1), lambda v: v + 1)), "alpha"),
    "one row unit": (lambda c: replaced(c, row_units=put(c.factor.row_units, 1, Fraction(3, 2))), "alpha"),
    "another format": (lambda c: replaced(c, planes=c.factor.planes.astype(np.longdouble)), "float64"),
    "no inverse at all": (lambda c: replaced(c, planes=0 * c.factor.planes), "alpha"),
    "radius zero": (lambda c: replaced(c, spread=put(c.spread, 1, 0)), "radius[1]"),
}


@pytest.mark.parametrize("what", CORRUPTIONS)
@pytest.mark.parametrize("name", FULL)
def test_every_corrupt_field_is_noticed(name, what):
    corrupt, reason = CORRUPTIONS[what]
    checked = check(corrupt(FULL[name]), A, B)
    assert not checked.valid
    assert reason in checked.reason


@pytest.mark.parametrize("what", OF_THE_FACTOR)
@pytest.mark.parametrize("name", WITH_FACTOR)
def test_every_corrupt_field_of_the_factor_is_noticed(name, what):
    corrupt, reason = OF_THE_FACTOR[what]
    checked = check(corrupt(WITH_FACTOR[name]), A, B)
    assert not checked.valid
    assert reason in checked.reason


def test_the_bound_is_the_one_stated_to_eighteen_digits():
    # The radii by hand are the bound itself, rounded up in the last of 300 bits.
    for coarse in (1.0, 1.0625, 0.9):
        certificate = by_hand(A, B, coarse * approximate_inverse_factor(A))
        assert check(certificate, A, B)
        checked = check(shrunk(certificate), A, B)
        assert not checked
        assert "radius[1]" in checked.reason


def test_an_exact_inverse_factor_has_alpha_0_and_proves_a_radius_of_0():
    certificate = replaced(by_hand(2 * np.eye(3), B[:3], np.eye(3) / 2), alpha=0.0, spread=(0, 0, 0))
    certificate = replaced(certificate, denominator=1, middle=(1, 1, 1), ratios=tuple(
        (Fraction(v) / 2).as_integer_ratio() for v in B[:3].tolist()))  # fmt: skip
    assert check(certificate, 2 * np.eye(3), B[:3])
    assert not check(replaced(certificate, middle=(1, 2, 1)), 2 * np.eye(3), B[:3])


def one_ulp_away(array):
    for place in np.ndindex(array.shape):
        yield with_entry(array, place, lambda v: np.nextafter(v, np.inf))
        yield with_entry(array, place, lambda v: np.nextafter(v, -np.inf))


@pytest.mark.parametrize("name", FULL)
def test_a_certificate_is_of_these_bits_of_A_and_b_only(name):
    for other in one_ulp_away(A):
        assert not check(FULL[name], other, B)
    for other in one_ulp_away(B):
        assert not check(FULL[name], A, other)
    assert not check(FULL[name], A[::-1], B)
    assert not check(FULL[name], A[:, ::-1], B)
    assert not check(FULL[name], A[:4], B[:4])


def moved(certificate, by, spread):
    """The same with entry 1 moved by `by` and every radius `spread`, in units of 1e-30 of the denominator."""
    middle = [v * 10**30 for v in certificate.middle]
    middle[1] += by
    over = certificate.denominator * 10**30
    return replaced(certificate, middle=tuple(middle), spread=(spread,) * len(middle), denominator=over)


def test_a_solution_of_least_norm_may_be_enclosed():
    assert check(moved(LEAST_NORM, by=1, spread=1), DEFICIENT, B)
    assert check(moved(LEAST_NORM, by=-5, spread=5), DEFICIENT, B)
    assert not check(moved(LEAST_NORM, by=-5, spread=4), DEFICIENT, B)
    basic = in_rationals([*flint_solution(A, B), Fraction(0)], rank=3)  # another minimiser
    assert not check(replaced(basic, spread=(0, 0, 0, 1)), DEFICIENT, B)


LEAST_NORM_CORRUPTIONS = {
    "another minimiser": (in_rationals([*flint_solution(A, B), Fraction(0)], rank=3), "row space"),
    "not a minimiser": (in_rationals([2 * v for v in LEAST_NORM.x], rank=3), "does not minimise"),
    "rank one less": (replaced(LEAST_NORM, rank=2), "rank of A is 3"),
    "full rank": (replaced(LEAST_NORM, rank=4), "rank of A is 3"),
    "too narrow": (moved(LEAST_NORM, by=2, spread=1), "radius[1]"),
    "nearest": (replaced(LEAST_NORM, nearest=put(LEAST_NORM.nearest, 3, 0.5)), "nearest[3]"),
    "with a factor": (
        replaced(LEAST_NORM, factor=Factor(np.eye(4)[None], np.zeros((1, 4), dtype=int), (Fraction(1),) * 4, 0.5)),
        "alpha",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LEAST_NORM_CORRUPTIONS)
def test_every_claim_about_a_solution_of_least_norm_is_checked(what):
    certificate, reason = LEAST_NORM_CORRUPTIONS[what]
    checked = check(certificate, DEFICIENT, B)
    assert not checked.valid
    assert reason in checked.reason


# --- a certificate that makes no sense is not valid, and no exception

OF_FACTOR = ["planes", "powers", "row_units", "alpha"]
FIELDS = ["middle", "spread", "denominator", "ratios", "nearest", "rank", "factor", *OF_FACTOR]
JUNK = [
    None, "1", "x" * 10**5, 1.0, nan, -0.5, 0, True, 10**5000, (), (1,), (1, 2, 3, 4), [1, 2, 3], (None,) * 3,
    (1.0,) * 3, (np.int64(1),) * 3, (10**5000,) * 4, ((1, 0),) * 3, ((1,),) * 3, ((1.5, 1),) * 3, np.zeros(3),
    np.array(1.0), np.zeros((1, 3)), np.ones((1, 3, 4)), np.full((1, 3, 3), nan), np.full((1, 3, 3), inf),
    np.ones((1, 3, 3), dtype=np.float32), np.ones((1, 3), dtype=np.int64) << 40, np.zeros((2, 3), dtype=int),
    (Fraction(1), 1.0, Fraction(1)),
]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_nonsense_in_any_field_is_a_reason_and_never_an_exception(field):
    for junk in JUNK:
        for certificate in (WITH_FACTOR if field in OF_FACTOR else FULL).values():
            checked = check(replaced(certificate, **{field: junk}), A, B)
            # Without its factor a certificate is proven by elimination.
            assert checked.valid == (field == "factor" and junk is None)
            assert 10 < len(checked.reason) < 1000


def test_a_minimiser_is_one_from_either_side():
    for x in ((Fraction(0),) * 2, (Fraction(1),) * 2):
        assert "does not minimise" in check(in_rationals(x, rank=1), [[1, 1]], [1]).reason
    assert check(in_rationals((Fraction(1, 2),) * 2, rank=1), [[1, 1]], [1])


@pytest.mark.parametrize("junk", [None, "certificate", 3.0, WITH_FACTOR["by hand"].factor])
def test_what_is_no_certificate_is_not_valid(junk):
    assert "a Certificate was expected" in check(junk, A, B).reason


def test_a_certificate_of_another_size_is_not_valid():
    checked = check(lstsq(A[:, :2], B).certificate, A, B)
    assert not checked
    assert "tuple of 3 entries" in checked.reason


# --- every step is needed: what a checker without it would let pass

STEPS = {
    "_malformed": (replaced(HAND, rank=3.0), A),
    "_malformed_factor": (replaced(HAND, alpha=-HAND.alpha, spread=(2**300,) * 3), A),
    "_not_an_inverse": (replaced(HAND, alpha=HAND.alpha / 2), A),
    "_wrong_rank": (replaced(HAND, rank=2), A),
    "_too_narrow": (replaced(HAND, spread=(0, 0, 0)), A),
    "_too_far": (in_rationals([v + Fraction(1, 10**40) for v in flint_solution(A, B)]), A),
    "_not_a_minimiser": (LEAST_NORM_CORRUPTIONS["not a minimiser"][0], DEFICIENT),
    "_not_of_least_norm": (LEAST_NORM_CORRUPTIONS["another minimiser"][0], DEFICIENT),
    "_not_nearest": (replaced(HAND, nearest=(0.0, 0.0, 0.0)), A),
}  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_checker_without_this_step_lets_a_corrupt_certificate_pass(step, monkeypatch):
    certificate, left = STEPS[step]
    assert not check(certificate, left, B)
    monkeypatch.setattr(checker, step, lambda *_: "")
    assert check(certificate, left, B)


def test_every_step_of_the_checker_is_among_those_shown_to_be_needed():
    tree = ast.parse(Path(checker.__file__).read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    reasons = {f.name for f in functions if ast.unparse(f.returns or ast.Constant(None)) == "str"}
    assert reasons == {*STEPS, "_rounded"}


@pytest.mark.parametrize("wrong", [1 + 2.0**-52, 1.0])
def test_a_checker_that_lets_either_neighbour_of_a_tie_pass_or_none_is_noticed(wrong, monkeypatch):
    certificate = by_hand(TIED, TIED_B, np.eye(2) / 2 + 2.0**-20)
    monkeypatch.setattr(checker, "_back_substituted", lambda _: [Fraction(wrong), Fraction(0)])
    assert bool(check(certificate, TIED, TIED_B)) == (wrong == 1.0)


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        (
            checker,
            {
                "stabilitylab.core.arithmetic.processor",  # the mode in which it computes
                "stabilitylab.core.errors",
                "stabilitylab.exact.proof.certificate",
                "stabilitylab.exact.proof.entries",
            },
        ),
        (entries, {"stabilitylab.core.errors"}),
    ],
)
def test_the_checker_shares_no_code_with_the_engine(module, allowed):
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    inside = {module for module in modules if module.startswith("stabilitylab")}
    assert inside == allowed
    assert modules - inside <= {"collections.abc", "dataclasses", "datetime", "fractions", "math", "numpy", "typing"}
