"""What the same optimiser does otherwise in another library, at the same nominal settings: each a measured statement.

The bowl is (x1² + 100 x2²)/2 from (1, 1); the gradients are fed, so that no difference is that of a derivative.
"""

import numpy as np
import pytest

from optimiser_tasks import MATRIX, TARGET, bowl, one_gradient, path, task
from stabilitylab.core.arithmetic.formats import format_named
from stabilitylab.libraries.optimisers import Task

LIBRARIES = ("torch", "optax", "keras")


def last(name, steps, lr, **options):
    """The weights after so many steps in the bowl."""
    return path(name, bowl(steps, lr, **options))[-1]


def first_step(name, g, **options):
    """The first step from 0, in units of the rate, where the gradient is g."""
    return -path(name, one_gradient(g, **options))[1, 0]


@pytest.mark.parametrize("g", [1e-6, 1e-7, 1e-8])
def test_eps_comes_after_the_bias_correction_in_torch_and_optax_and_before_it_in_keras_and_scikit_learn(g):
    root = np.sqrt(1e-3) * g  # of v after one step
    for name in ("torch.adam", "optax.adam"):
        assert first_step(name, g) == pytest.approx(g / (g + 1e-8), rel=1e-12)
    assert first_step("sklearn.mlp_adam", g) == pytest.approx(root / (root + 1e-8), rel=1e-12)
    # Keras's default eps is 1e-7, too.
    assert first_step("keras.adam", g) == pytest.approx(root / (root + 1e-7), rel=1e-12)


def test_eps_of_rmsprop_and_adagrad_stands_outside_of_the_root_in_torch_and_inside_in_optax_and_keras():
    g = 1e-6
    assert first_step("torch.rmsprop", g) == pytest.approx(g / (0.1 * g + 1e-8), rel=1e-12)
    assert first_step("optax.rmsprop", g) == pytest.approx(g / np.sqrt(0.1 * g * g + 1e-8), rel=1e-12)
    assert first_step("keras.rmsprop", g) == pytest.approx(g / np.sqrt(0.1 * g * g + 1e-7), rel=1e-12)
    assert first_step("torch.adagrad", g) == pytest.approx(g / (g + 1e-10), rel=1e-12)
    for name in ("optax.adagrad", "keras.adagrad"):
        assert first_step(name, g) == pytest.approx(g / np.sqrt(0.1 + g * g + 1e-7), rel=1e-12)


def test_rmsprop_forgets_slower_in_torch():
    torch, optax, keras = (last(f"{library}.rmsprop", 10, 0.01)[0] for library in LIBRARIES)
    assert torch < 0.56 < 0.83 < optax
    assert keras == pytest.approx(optax, abs=1e-7)
    assert last("torch.rmsprop", 10, 0.01, options={"alpha": 0.9})[0] == pytest.approx(optax, abs=1e-6)


def test_the_sum_of_squares_of_adagrad_starts_at_0_in_torch_and_at_a_tenth_elsewhere():
    torch, optax, keras = (last(f"{library}.adagrad", 1, 0.01)[0] for library in LIBRARIES)
    assert torch == pytest.approx(1 - 0.01, rel=1e-9)
    assert optax == pytest.approx(1 - 0.01 / np.sqrt(1.1 + 1e-7), rel=1e-12)
    assert keras == pytest.approx(optax, rel=1e-9)


def test_adadelta_starts_slower_in_keras_whose_eps_is_a_tenth():
    torch, optax, keras = (last(f"{library}.adadelta", 100, 1.0)[0] for library in LIBRARIES)
    assert torch == pytest.approx(optax, rel=1e-12)
    assert keras - torch > 0.2


def test_the_momentum_of_nadam_has_three_schedules():
    for steps in (1, 100):
        torch, optax, keras = (last(f"{library}.nadam", steps, 0.01)[0] for library in LIBRARIES)
        assert optax < torch - 1e-3
        assert optax < keras - 1e-3
        assert abs(torch - keras) > 5e-5


def test_amsgrad_takes_the_maximum_before_the_bias_correction_in_torch_and_keras_and_after_it_in_optax():
    torch, optax, keras = (last(f"{library}.amsgrad", 100, 0.01)[0] for library in LIBRARIES)
    assert torch == pytest.approx(keras, abs=1e-5)
    assert optax - torch > 0.1


def test_the_default_decay_of_adamw_differs_and_one_decay_gives_one_path():
    weights = [last(f"{library}.adamw", 100, 0.01)[0] for library in LIBRARIES]
    assert weights[0] < weights[2] - 1e-3
    assert weights[2] < weights[1] - 1e-3
    torch, optax, keras = (last(f"{one}.adamw", 100, 0.01, options={"weight_decay": 0.01})[0] for one in LIBRARIES)
    assert torch == pytest.approx(keras, abs=1e-5)
    assert torch == pytest.approx(optax, abs=2e-4)


def test_weight_decay_of_adam_is_a_penalty_in_torch_and_a_decay_in_keras():
    w = np.array([0.5, 2.0])
    flat = Task(np.eye(2), w, w, np.array([0.01]))  # the gradient is 0
    assert path("torch.adam_coupled", flat)[1] == pytest.approx(w - 0.01, abs=1e-7)  # a step of full length
    assert path("keras.adam_decayed", flat)[1] == pytest.approx(w * (1 - 0.01 * 0.01), rel=1e-9)


def test_the_rate_is_in_the_velocity_in_keras_and_scikit_learn_so_that_a_new_rate_acts_later():
    rates = [0.01] * 6 + [0.001] * 6
    outside = [last(f"{library}.sgd_momentum", 12, rates) for library in ("torch", "optax", "optimi")]
    inside = [last(name, 12, rates) for name in ("keras.sgd_momentum", "sklearn.mlp_momentum")]
    assert np.ptp(outside, axis=0).max() < 1e-14
    assert np.ptp(inside, axis=0).max() < 1e-6
    assert np.abs(inside[0] - outside[0]).min() > 0.1
    assert last("keras.sgd_momentum", 12, 0.01) == pytest.approx(last("torch.sgd_momentum", 12, 0.01), abs=1e-7)


def test_dampening_leaves_the_first_step_undamped_in_torch():
    torch = path("torch.sgd_dampened", bowl(100, 0.01))
    assert torch[1, 0] == pytest.approx(0.99, rel=1e-12)
    assert path("optimi.sgd_dampened", bowl(1, 0.01))[1, 0] == pytest.approx(0.999, rel=1e-12)
    assert torch[-1, 0] - last("torch.sgd_momentum", 100, 0.01)[0] > 0.3


def test_keras_keeps_the_rate_in_float32_for_float64_weights():
    (w,) = path("keras.sgd", one_gradient(1.0, 0.1))[1]
    assert w == -float(np.float32(0.1))
    assert path("torch.sgd", one_gradient(1.0, 0.1))[1, 0] == -0.1


@pytest.mark.parametrize(("beta2", "moves"), [(0.998, True), (0.9981, False)])
def test_adam_of_keras_never_moves_in_bfloat16_where_beta2_rounds_to_1(beta2, moves):
    found = path("keras.adam", bowl(20, 0.01, format="bfloat16", options={"beta_2": beta2}))
    assert (found[-1] != 1).all() == moves
    assert (found[-1] == 1).all() == (not moves)
    assert moves == (beta2 <= 1 - 2.0**-9)
    assert np.isnan(path("keras.nadam", bowl(1, 0.01, format="bfloat16", options={"beta_2": beta2}))[1]).all() != moves


def test_a_gradient_of_0_in_float16_is_nan_for_three_and_0_for_three_of_them_two_answers_in_one_library():
    asked = one_gradient(0.0, format="float16")
    for name in ("torch.adam", "torch.adam_foreach", "optax.adam"):
        assert np.isnan(path(name, asked)[1, 0]), name
    for name in ("torch.adam_fused", "keras.adam", "optimi.adam"):
        assert path(name, asked)[1, 0] == 0, name


@pytest.mark.parametrize(
    ("name", "half"), [("torch.adam", 0.5), ("optax.adam", 0.5), ("torch.adam_fused", 0.25), ("optimi.adam", 1.0)]
)
def test_the_mean_of_squares_has_the_format_of_the_weights_and_stops_growing(name, half):
    """g = 1 for 900 steps of rate 0, and one of rate 1: what v has become by then is in the last."""
    steps, betas = 900, {"b1": 0.9, "b2": 0.999} if name.startswith("optax") else {"betas": (0.9, 0.999)}
    rates = np.append(np.zeros(steps), 1.0)
    A, b, own = np.full((1, 1), 2.0**-40), np.array([-(2.0**39)]), {"own_gradient": True, "options": betas}
    asked = {format: Task(A, b, np.zeros(1), rates, "mean", format, **own) for format in ("bfloat16", "float32")}
    assert path(name, asked["float32"])[-1, 0] == pytest.approx(-1, abs=1e-5)
    # m has come to a stop as well, within 2 %; the correction of v is that of 901 steps.
    corrected = half if name.startswith("optimi") else half / (1 - 0.999 ** (steps + 1))
    assert path(name, asked["bfloat16"])[-1, 0] == pytest.approx(-1 / np.sqrt(corrected), rel=0.03)


def test_the_loss_decides_the_rate():
    """The first step with a loss of one's own, in units of A'(b - A w), 5 rows."""
    w, steps = np.zeros(2), {}
    for name, loss in (
        *((f"{library}.sgd", "mean") for library in (*LIBRARIES, "optimi", "schedulefree")),
        ("optax.sgd", "half mean"),
        ("torch.sgd", "sum"),
    ):
        asked = Task(MATRIX, TARGET, w, np.array([0.25]), loss, own_gradient=True)
        steps[name, loss] = path(name, asked)[1] / (0.25 * MATRIX.T @ TARGET)
    for (_, loss), share in steps.items():
        assert share == pytest.approx({"mean": 2 / 5, "half mean": 1 / 5, "sum": 2}[loss], rel=1e-7)


def test_sgd_regressor_is_no_plain_descent():
    """A penalty, a rate that falls with the rows and a random order: it is elsewhere after the same number of rows."""
    own = {"loss": "half mean", "own_gradient": True}
    plain = path("sklearn.sgd_regressor_plain", task(5 * 40, **own))[-1]
    shuffled = path("sklearn.sgd_regressor", task(40, **own))[-1]
    assert np.abs(plain - shuffled).max() > 0.05


def test_nesterovs_weights_are_the_points_of_the_gradient_in_every_library():
    found = [last(name, 10, 0.005) for name in ("torch.sgd_nesterov", "optax.sgd_nesterov", "sklearn.mlp_nesterov")]
    assert np.ptp(found, axis=0).max() < 1e-15
    x = y = np.ones(2)
    for _ in range(10):
        before, x = x, y - 0.005 * np.array([1.0, 100.0]) * y
        y = x + 0.9 * (x - before)
    assert found[0] == pytest.approx(y, abs=1e-15)
    assert np.abs(found[0] - x).max() > 0.01


def test_a_decay_below_half_an_ulp_is_lost_in_bfloat16_and_kahan_summation_brings_steps_back():
    idle = {"A": np.zeros((1, 1)), "b": np.zeros(1), "x0": np.ones(1), "lr": np.full(100, 1e-2)}
    for name in ("torch.adamw", "optax.adamw", "keras.adamw", "optimi.adamw_kahan"):
        decayed = path(name, Task(**idle, format="bfloat16", options={"weight_decay": 0.01}))[-1, 0]
        assert decayed == 1
    exact = (1 - 1e-2 * 0.01) ** 100
    assert path("torch.adamw", Task(**idle, options={"weight_decay": 0.01}))[-1, 0] == pytest.approx(exact, rel=1e-12)
    line = Task(np.ones((1, 1)), np.array([3.0]), np.ones(1), np.full(1000, 3e-3), format="bfloat16")
    assert path("optimi.adam", line)[-1, 0] == path("torch.adam", line)[-1, 0] == 1
    assert 2.9 < path("optimi.adam_kahan", line)[-1, 0] <= 3


def test_nadam_of_torch_has_half_the_digits_of_float64_and_adam_of_optax_and_keras_not_all_of_float32():
    """What nobody measures: the digits of an implementation of its documented formula, in the first step."""
    g, u = 1.0, format_named("float32").unit_roundoff
    moment = 0.9 * (1 - 0.5 * 0.96**0.004)
    ahead = 0.9 * (1 - 0.5 * 0.96**0.008)
    exact = 0.1 * ahead / (1 - moment * ahead) + (1 - moment) / (1 - moment)
    assert 1e-3 * u < abs(first_step("torch.nadam", g, options={"eps": 0.0}) / exact - 1) < u
    for name, eps in (("optax.adam", "eps"), ("keras.adam", "epsilon")):
        step = first_step(name, g, format="float32", options={eps: 0.0})
        assert 50 * u < abs(step - 1) < u / 1e-3
    assert abs(first_step("torch.adam", g, format="float32", options={"eps": 0.0}) - 1) < 4 * u
