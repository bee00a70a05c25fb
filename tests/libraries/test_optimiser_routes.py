"""Every optimiser of every library: what its label declares, measured; labels alone where the library is absent."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from optimiser_tasks import MATRIX, START, TARGET, path, task
from stabilitylab.core.arithmetic.formats import format_named
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LOSSES
from stabilitylab.libraries import optimisers
from stabilitylab.libraries.optimisers import Task
from stabilitylab.solvers import descent
from stabilitylab.training.replayed import against_formula, formula_of, parted

LABELS = [entry.label for entry in optimisers.catalog]
NAMES = [label.name for label in LABELS]
LOSS_IN_FLOAT32 = ("keras",)  # for float64 weights too
STEPS = 40  # after which half an ulp in each is 20
CAREFUL = 24.0  # ulps after so many steps; more is another formula, or a state in another format


def test_there_are_forty_optimisers_of_five_libraries_and_more():
    assert len(NAMES) >= 40
    assert len({label.library.name for label in LABELS}) >= 5
    assert optimisers.catalog.broken == {}


@pytest.mark.parametrize("label", LABELS, ids=NAMES)
def test_a_label_names_what_there_is(label):
    for format in (*label.formats, *label.stores.values(), *label.departs):
        format_named(format)
    assert set(label.losses) <= set(LOSSES)
    assert label.fed or label.losses
    assert label.variant in ("", "loop", "foreach", "fused")
    if label.documented is None:
        assert not label.hyperparameters
        assert not label.departs
        return
    takes = set(inspect.signature(descent.get(label.documented)).parameters)
    assert {*formula_of(label, {})} <= takes
    ours = {name for names in label.renamed.values() for name in ([names] if isinstance(names, str) else names)}
    assert set(label.stores) | set(label.hyperparameters) <= takes
    assert ours - takes <= {"weight_decay"}  # an option of Adam with which it is AdamW


@pytest.mark.parametrize("name", NAMES)
def test_a_route_starts_at_the_start_and_gives_the_weights_of_every_step_in_each_of_its_formats(name):
    label = optimisers.entry(name).label
    compiles = label.library.name in ("keras", "optax") and not name.endswith("adam")
    wide = None
    for format in label.formats[:3] if compiles else label.formats:  # float16 of Adam alone, where each takes long
        asked = task(format=format, loss=(*label.losses, "half mean")[0], own_gradient=not label.fed)
        found = path(name, asked)
        assert (found.shape, found.dtype) == ((4, 2), np.float64)
        assert found[0].tolist() == START.tolist()
        wide = found if wide is None else wide
        if not ("nadam" in name and format == "bfloat16" and "keras" in name):  # NaN, see the differences
            roundoff = format_named(format).unit_roundoff
            assert np.abs(found - wide).max() < 40 * roundoff, format


@pytest.mark.parametrize("label", [label for label in LABELS if label.losses and label.fed], ids=lambda one: one.name)
def test_the_loss_that_a_library_differentiates_has_the_factor_that_its_label_says(label):
    if "float64" not in label.formats:
        pytest.skip(f"{label.name} takes no float64")
    for loss in label.losses if label.documented == "descent.gradient" else label.losses[:1]:
        own, fed = (path(label.name, task(loss=loss, own_gradient=own)) for own in (True, False))
        assert np.abs(own - fed).max() < (1e-7 if label.library.name in LOSS_IN_FLOAT32 else 1e-14), loss


def test_scikit_learn_takes_one_row_after_another_with_half_the_square_as_loss():
    found = path("sklearn.sgd_regressor_plain", task(7, loss="half mean", own_gradient=True))
    w = START
    for k in range(7):
        a, b = MATRIX[k % 5], TARGET[k % 5]
        w = w - 0.015625 * (a @ w - b) * a
        assert found[k + 1] == pytest.approx(w, rel=1e-15)


@pytest.mark.parametrize("label", [one for one in LABELS if one.documented and one.fed], ids=lambda one: one.name)
def test_an_implementation_keeps_to_its_documented_formula_except_where_its_label_says_so(label):
    for format in {"float64", "float32"} & set(label.formats):
        asked = task(STEPS, format=format)
        found = against_formula(label.name, asked, path(label.name, asked), reading="stored")
        assert (found.ulps.max() > CAREFUL) == (format in label.departs), (format, found.ulps.max())


@pytest.mark.parametrize("label", [one for one in LABELS if one.stores and one.documented], ids=lambda one: one.name)
def test_what_a_library_stores_in_a_format_of_its_own_costs_the_digits_of_that_format(label):
    asked = task(STEPS, lr=0.1 * 0.015625)  # no number of float32
    found = path(label.name, asked)
    documented = against_formula(label.name, asked, found)
    assert documented.left() is not None
    assert documented.digits[-1] < against_formula(label.name, asked, found, reading="stored").digits[-1] - 2


def test_a_mistake_in_a_formula_is_seen_in_the_first_steps():
    asked = task(STEPS)
    found = path("torch.adam", asked)
    assert against_formula("torch.adam", asked, found).left() is None
    swapped = replace(asked, options={"betas": (0.999, 0.9)})
    assert against_formula("torch.adam", swapped, found).left() == 2  # the first step is that of the sign of g alone
    coarse = replace(asked, options={"eps": 1e-6})
    assert against_formula("torch.adam", coarse, found).left() == 1


def test_two_libraries_with_one_formula_part_by_roundings_alone():
    asked = task(STEPS)
    torch, optax = (path(f"{library}.adam", asked) for library in ("torch", "optax"))
    assert parted(torch, optax, "float64") is None
    assert parted(torch, path("torch.nadam", asked), "float64") == 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"A": np.ones(3)}, "A must have shape"),
        ({"b": np.ones(3)}, "A must have shape"),
        ({"x0": np.ones(3)}, "A must have shape"),
        ({"A": np.ones((0, 2)), "b": np.ones(0)}, "must have rows and columns"),
        ({"lr": np.array([])}, "at least one step"),
        ({"lr": np.ones((2, 2))}, "lr must have shape"),
        ({"lr": np.array([np.inf])}, "lr must be finite; it holds inf"),
        ({"A": np.full((5, 2), np.nan)}, "A must be finite"),
        ({"b": np.full(5, np.inf)}, "b must be finite"),
        ({"loss": "squared"}, "loss must be one of"),
        ({"format": "float20"}, "format must be one of"),
        ({"format": "float32", "x0": np.array([0.1, 1])}, "x0 must hold numbers of float32; .* round it first"),
    ],
)
def test_a_task_says_what_is_wrong_with_it(changed, says):
    given = {"A": MATRIX, "b": TARGET, "x0": START, "lr": np.array([0.1])} | changed
    with pytest.raises(InputError, match=says):
        Task(**given)


def test_a_start_that_is_nan_is_a_task():
    assert np.isnan(replace(task(), x0=np.array([np.nan, 1])).x0[0])


def test_a_label_says_which_tasks_it_does_not_take():
    label = optimisers.entry("sklearn.sgd_regressor").label
    assert "cannot be fed" in label.unsuited(task())
    assert "not in bfloat16" in label.unsuited(task(format="bfloat16"))
    assert "has no loss that is the sum" in label.unsuited(task(loss="sum", own_gradient=True))
    assert "has no loss of its own" in optimisers.entry("sklearn.mlp_adam").label.unsuited(task(own_gradient=True))
    assert label.unsuited(task(loss="half mean", own_gradient=True)) == ""
