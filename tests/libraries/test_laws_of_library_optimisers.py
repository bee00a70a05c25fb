"""Optimisers of libraries under metamorphic laws, and a break of one as a script that shows it."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from optimiser_tasks import path, task
from stabilitylab.bench.optimisers import prediction
from stabilitylab.conformance.optimisers.laws import LAWS, compare
from stabilitylab.conformance.optimisers.of_libraries import subject_of
from stabilitylab.conformance.optimisers.witness import USUAL, script, search
from stabilitylab.core.errors import StabilityLabError

SIZE, ORDER, TWICE, _, ALONE = LAWS
ONE_OF_EACH = ("torch.adam", "torch.adamw_fused", "optax.amsgrad", "keras.adam", "optimi.lion", "sklearn.mlp_adam")


def subject(name):
    """An optimiser whose library is here, in float64; the test is skipped where it is not."""
    path(name, task(1))
    return replace(subject_of(name), formats=("float64",))


@pytest.mark.parametrize("law", [SIZE, ORDER, TWICE])
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_library_obeys_the_laws(name, law):
    assert search(subject(name), LAWS[law]).holds


def test_eps_breaks_the_law_that_the_size_of_the_loss_does_not_matter():
    kept = subject("torch.adam")
    found = search(replace(kept, path=lambda asked: kept.path(replace(asked, options={}))), LAWS[SIZE])
    assert found.witness is not None
    assert found.witness.steps == 1


def test_lbfgs_takes_inner_products_and_so_depends_on_the_order_of_coordinates_and_a_script_shows_it():
    lbfgs, instance = subject("torch.lbfgs"), replace(USUAL, format="float32")
    assert compare(lbfgs, LAWS[ORDER], instance).broken
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(script(lbfgs, LAWS[ORDER], instance), {})
    one, other = printed.getvalue().splitlines()
    assert one != other


@pytest.mark.parametrize("name", ["torch.adam", "optax.adam", "keras.adam", "sklearn.sgd_regressor"])
def test_the_prediction_of_a_row_alone_is_that_among_others_but_for_the_order_of_its_sum(name):
    if name != "sklearn.sgd_regressor":
        assert search(subject(name), LAWS[ALONE]).holds
    rng = np.random.default_rng(0)
    A, x = rng.standard_normal((64, 17)), rng.standard_normal(17)
    together = prediction(name, A, x)
    if together is None:
        pytest.skip("its library is not here")
    alone = np.array([prediction(name, A[i : i + 1], x)[0] for i in range(8)])
    assert (np.abs(together[:8] - alone) <= 2 * 17 * 2.0**-53 * (np.abs(A) @ np.abs(x))[:8]).all()
    assert together == pytest.approx(A @ x, rel=1e-12)


def test_an_optimiser_that_gives_no_weights_obeys_nothing():
    adam = subject("sklearn.mlp_adam")
    with pytest.raises(StabilityLabError, match="gave no weights"):
        adam.path(task(options={"epsilom": 1.0}))
