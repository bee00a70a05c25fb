"""Every optimiser passes its exam, and every question fails the wrong optimisers planted for it."""

import ast
import inspect
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

import planted_descent as wrong
from stabilitylab.conformance import Verdict
from stabilitylab.conformance.optimisers import exam, questions, recurrences, sit
from stabilitylab.conformance.optimisers.recurrences import RECURRENCES, mp, slope_of
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.objective import LeastSquares
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.hyperparameters import defaults
from stabilitylab.solvers.descent.schedules import constant

FORMULA, ONE, SAME = (
    "follows_its_formula",
    "asks_for_one_gradient_a_step",
    "leaves_its_start_alone_and_repeats_its_bits",
)
FORMAT, UPDATE = "keeps_the_format_of_the_weights_and_of_the_gradient", "moves_by_its_update_alone"
ROUNDS = "rounds_its_weights_once"


@pytest.mark.parametrize("name", descent.names())
def test_an_optimiser_passes_every_question(name):
    assert [result for result in exam(name) if result.verdict is not Verdict.PASS] == []
    assert len(exam(name)) == len(questions.names())


PLANTED = {
    "a bias correction a step late": (FORMULA, "adam", wrong.adam_with(lambda beta, k: 1 - beta ** (k + 2))),
    "a bias correction a step early": (FORMULA, "adam", wrong.adam_with(lambda beta, k: 1 - beta ** max(k, 1))),
    "no bias correction": (FORMULA, "adam", wrong.adam_with(lambda beta, k: 1.0)),
    "a correction of the wrong beta": (FORMULA, "adam", wrong.adam_with(lambda beta, k: 1 - 0.999 ** (k + 1))),
    "betas exchanged": (FORMULA, "adam", wrong.adam_with(swapped=True)),
    "betas exchanged in a sign": (FORMULA, "lion", wrong.lion_with_betas_exchanged),
    "eps inside the root of Adam": (FORMULA, "adam", wrong.adam_with(eps_inside=True)),
    "eps on the other side": (FORMULA, "rmsprop", wrong.rmsprop_with_eps_on_the_other_side),
    "steps counted from 1": (FORMULA, "adam", wrong.adam_with(early=1)),
    "the rate of the next step": (FORMULA, "adam", wrong.adam_with(rate=1)),
    "two steps at a time": (FORMULA, "gradient", wrong.two_steps_at_a_time),
    "two gradients a step": (ONE, "gradient", wrong.two_steps_at_a_time),
    "a step too many": (FORMULA, "gradient", wrong.a_step_before_the_first),
    "a gradient too many": (ONE, "gradient", wrong.a_step_before_the_first),
    "an end of its own": (ONE, "gradient", wrong.stops_at_a_small_gradient),
    "a start that is written to": (SAME, "gradient", wrong.in_place),
    "iterates that are one array": (SAME, "gradient", wrong.one_array_for_all_iterates),
    "an update that is not used": (UPDATE, "gradient", wrong.without_its_update),
    "a state in float64": (FORMAT, "gradient", wrong.with_a_float64_rate),
    "a step rounded to the short format": (ROUNDS, "gradient", wrong.gradient_with(wrong.rounds_the_step_first)),
    "a sum rounded twice": (ROUNDS, "gradient", wrong.gradient_with(wrong.rounds_the_sum_twice)),
    "a sum by way of bfloat16": (ROUNDS, "gradient", wrong.gradient_with(wrong.by_way_of_bfloat16)),
    "the formula of another": (FORMULA, "momentum_mean", descent.get("descent.heavy_ball")),
    "no formula of that name": (FORMULA, "unheard_of", descent.get("descent.gradient")),
}


@pytest.mark.parametrize(("question", "name", "function"), PLANTED.values(), ids=PLANTED)
def test_a_planted_mistake_fails_its_question(question, name, function):
    made = descent.optimiser(f"descent.planted_{question}", source="written to fail")
    with descent.catalog.temporarily():
        made(function)
        entry = descent.entry(f"descent.planted_{question}")
    entry = replace(entry, label=replace(entry.label, name=f"descent.{name}"))
    result = sit(entry, questions.get(question))
    assert result.verdict is Verdict.FAIL, result
    assert result.reason
    assert "raised" not in result.reason, result


def test_every_question_has_a_planted_mistake():
    assert {question for question, _, _ in PLANTED.values()} == set(questions.names())


def test_an_error_of_the_optimiser_is_its_answer_and_an_unknown_name_is_not():
    def breaks(gradient, x, *, lr, update=None):
        raise RuntimeError("out of order")
        yield

    entry = replace(descent.entry("descent.gradient"), function=breaks)
    verdicts = {result.verdict for result in exam(entry)}
    assert verdicts == {Verdict.FAIL}
    assert "RuntimeError: out of order" in exam(entry)[0].reason
    with pytest.raises(UnknownNameError, match="adam"):
        exam("descent.adan")


def test_the_formulas_share_no_code_with_the_package():
    tree = ast.parse(inspect.getsource(recurrences))
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert froms | names == {"collections.abc", "typing", "mpmath"}
    assert RECURRENCES.keys() == set(descent.names())


def test_formulas_agree_with_what_is_known_in_closed_form():
    """On x²/2 from 1: (1 - lr)^k; Adam with eps 0 on a constant gradient goes lr a step; heavy ball by its roots."""
    slope, settings = slope_of([[1]], [0], Fraction(1)), descent_defaults("adam") | {"eps": 0.0}
    falls = RECURRENCES["descent.gradient"](slope, [1], [0.25] * 8, {})
    assert [float(x) for (x,) in falls] == [0.75**k for k in range(9)]
    walks = RECURRENCES["descent.adam"](lambda x: [mp.mpf(7)], [1], [0.25] * 8, settings)
    assert all(abs(x - (1 - 0.25 * k)) < 1e-55 for k, (x,) in enumerate(walks))
    lr, beta = mp.mpf("0.5"), mp.mpf("0.25")
    rolls = RECURRENCES["descent.heavy_ball"](
        slope, [1], [0.5] * 8, descent_defaults("heavy_ball") | {"momentum": 0.25}
    )
    r, s = mp.polyroots([1, -(1 + beta - lr), beta], maxsteps=200, extraprec=400)
    # x_k = a r^k + b s^k with x_0 = 1 and x_1 = 1 - lr.
    a = (1 - lr - s) / (r - s)
    assert all(abs(x - (a * r**k + (1 - a) * s**k)) < 1e-50 for k, (x,) in enumerate(rolls))


def descent_defaults(name):
    return defaults(descent.get(f"descent.{name}"))


def test_the_shifted_form_of_nesterov_is_the_point_ahead_of_the_textbooks():
    A, b = np.array([[2.0, 1], [0, 3], [1, -1]]), np.ones(3)
    gradient = LeastSquares(A, b).gradient
    text, shifted, keras = (
        list(islice(descent.get("descent.nesterov")(gradient, np.ones(2), lr=constant(2.0**-5), form=form), 9))
        for form in ("textbook", "shifted", "shifted, lr inside")
    )
    for k in range(8):
        ahead = text[k + 1].state["y"]
        assert np.allclose(shifted[k].x, ahead, rtol=1e-14)
        assert np.allclose(keras[k].x, ahead, rtol=1e-14)
