"""Metamorphic laws of optimisers: obeyed by ours, broken by planted ones, and each break as a script that shows it."""

import contextlib
import io
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.conformance.optimisers.laws import LAWS, PROPORTIONAL, SIZE_FREE, Instance, compare
from stabilitylab.conformance.optimisers.subject import of_library, own
from stabilitylab.conformance.optimisers.witness import USUAL, script, search
from stabilitylab.conformance.rational import exact_array
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LeastSquares, accumulated, minibatches
from stabilitylab.solvers import descent

SIZE, ORDER, TWICE, MICRO, ALONE = LAWS
NAMES = [name.removeprefix("descent.") for name in descent.names()]


@pytest.mark.parametrize("law", LAWS.values(), ids=list(LAWS))
@pytest.mark.parametrize("name", NAMES)
def test_our_optimisers_obey_every_law_that_applies(name, law):
    found = search(own(f"descent.{name}"), law)
    if law.name == SIZE and name not in (*PROPORTIONAL, *SIZE_FREE):
        assert "depend on the size" in found.why_not
        assert name == "adadelta"
    else:
        assert found.holds, found


@given(name=st.sampled_from(NAMES), k=st.integers(-20, 20), rate=st.integers(-8, -4), seed=st.integers(0, 99))
def test_steps_are_free_of_the_size_of_the_loss_on_drawn_problems(name, k, rate, seed):
    rng = np.random.default_rng(seed)
    rows = tuple(map(tuple, rng.integers(-4, 5, (4, 3)).tolist()))
    instance = Instance(k, rows, tuple(rng.integers(-4, 5, 2).tolist()), rate=rate)
    assert name == "adadelta" or compare(own(f"descent.{name}"), LAWS[SIZE], instance).apart == 0


def keeps_its_eps():
    """Adam whose eps stays 1e-8 though the task sets 0."""
    adam = own("descent.adam")
    return replace(adam, path=lambda task: adam.path(replace(task, options={})))


def leaks():
    """Each coordinate takes the rate of the one before it."""
    adam = own("descent.adam")

    def path(task):
        found = adam.path(task)
        return found[0] + np.cumsum(found - found[0], axis=1)

    return replace(adam, path=path)


def sums():
    """A library whose loss is the sum, though the mean is asked for."""
    gradient = own("descent.gradient")
    return replace(gradient, path=lambda task: gradient.path(replace(task, loss="sum")))


def normalises():
    """Predictions less their mean over the batch."""
    return replace(own("descent.gradient"), predicted=lambda A, x: A @ x - np.mean(A @ x))


BROKEN = [
    (SIZE, keeps_its_eps),
    (ORDER, leaks),
    (TWICE, sums),
    (MICRO, lambda: own("descent.gradient", weighting="equal")),
    (MICRO, lambda: own("descent.adam", weighting="equal", eps=0.25)),
    (ALONE, normalises),
]


@pytest.mark.parametrize(("law", "made"), BROKEN)
def test_a_planted_break_is_found_and_shrunk(law, made):
    found = search(made(), LAWS[law])
    assert found.witness is not None
    assert found.comparison.broken
    assert found.witness.steps == 1
    assert len(found.witness.rows) <= 3
    assert {abs(entry) for row in found.witness.rows for entry in row} <= {0, 1}


def test_every_law_has_a_planted_break():
    assert {law for law, _ in BROKEN} == set(LAWS)


def test_a_witness_is_a_script_that_prints_two_different_lines():
    subject = own("descent.adam", weighting="equal", eps=0.25)
    found = search(subject, LAWS[MICRO])
    text = script(subject, LAWS[MICRO], found.witness)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text, {})
    one, other = printed.getvalue().splitlines()
    assert one != other
    assert "weighting='equal'" in text
    kept = script(own("descent.adam"), LAWS[ORDER], USUAL)
    with contextlib.redirect_stdout(printed := io.StringIO()):
        exec(kept, {})
    one, other = printed.getvalue().splitlines()
    assert one == other
    with pytest.raises(ValueError, match="depend on the size"):
        script(own("descent.adadelta"), LAWS[SIZE], USUAL)


def test_micro_batches_of_one_size_are_the_batch_however_they_are_weighted():
    even = replace(USUAL, rows=USUAL.rows[:2])
    assert not compare(own("descent.gradient", weighting="equal"), LAWS[MICRO], even).broken
    assert compare(own("descent.gradient", weighting="equal"), LAWS[MICRO], USUAL).step == 1


@pytest.mark.parametrize("loss", ["half sum", "sum", "half mean", "mean"])
def test_accumulated_gradients_are_those_of_their_weights_in_fractions(loss):
    A, b = (np.array(v, dtype=float) for v in ([[1, 2], [0, 1], [3, -1], [2, 2], [1, 0]], [1, -1, 2, 0, 4]))
    x = np.array([1.5, -2.0])
    whole = LeastSquares(A, b, loss)
    parts = [whole.rows(np.arange(0, 1)), whole.rows(np.arange(1, 5))]
    exact = [exact_array(part.A).T @ (exact_array(part.A) @ exact_array(x) - exact_array(part.b)) for part in parts]
    factors = [Fraction(part.factor) for part in parts]
    equal = sum(f * g for f, g in zip(factors, exact, strict=True)) / 2
    assert accumulated(parts, "equal")(x) == pytest.approx(equal.astype(float), rel=1e-15)
    assert accumulated(parts)(x) == pytest.approx((whole.factor * sum(exact)).astype(float), rel=1e-15)


def test_parts_and_batches_that_make_no_sense_are_refused():
    whole = LeastSquares(np.eye(2), np.ones(2))
    for parts in ([], [whole, LeastSquares(np.eye(2), np.ones(2), "mean")]):
        with pytest.raises(InputError, match="all of one loss"):
            accumulated(parts)
    with pytest.raises(InputError, match="weighting"):
        accumulated([whole], "counts")
    for wrong, said in ((0, "between 1 and 2"), (3, "between 1 and 2"), (1.5, "whole number"), ("all", "whole number")):
        with pytest.raises(InputError, match=said):
            minibatches(whole, wrong, 0)
    with pytest.raises(InputError, match="seed"):
        minibatches(whole, 1, None)


@dataclass(frozen=True)
class Label:
    """Of a library's optimiser, as far as a law asks."""

    name: str = "library.adam"
    documented: str | None = "descent.adam"
    hyperparameters: dict = field(default_factory=lambda: {"eps": 1e-7})
    renamed: dict = field(default_factory=lambda: {"epsilon": "eps", "betas": ("beta1", "beta2")})
    formats: tuple = ("float64", "float16")


def test_a_library_is_asked_by_its_own_names():
    asked = []

    def path(task):
        asked.append(dict(task.options))
        eps = {"eps": task.options["epsilon"]} if "epsilon" in task.options else {"eps": 1e-7}
        return own("descent.adam").path(replace(task, options=eps))

    subject = of_library(Label(), path, "subject = ...")
    assert subject.formats == ("float64",)
    assert search(subject, LAWS[SIZE]).holds
    assert asked[0] == {"epsilon": 0.0}
    assert "no format" in search(of_library(Label(formats=("float16",)), path, ""), LAWS[ORDER]).why_not
    assert search(subject, LAWS[MICRO]).why_not
    assert "cannot be set" in search(replace(subject, theirs={}), LAWS[SIZE]).why_not
    assert "no formula" in search(of_library(Label(documented=None, hyperparameters={}), path, ""), LAWS[SIZE]).why_not
    started = replace(subject, formula="descent.adagrad", settings={"initial": 0.1, "eps": 1e-7})
    assert "grow with the loss" in search(started, LAWS[SIZE]).why_not
