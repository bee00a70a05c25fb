"""Arrays of a format that NumPy lacks: they keep their format, round scalars first, and refuse what has no order."""

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest

from stabilitylab.core.arithmetic import speed
from stabilitylab.core.arithmetic.formats import (
    BFLOAT16,
    FLOAT8_E4M3,
    FLOAT8_E5M2,
    FLOAT16,
    FLOAT64,
    FORMATS,
    format_of,
)
from stabilitylab.core.arithmetic.rounded_array import RoundedArray
from stabilitylab.core.arithmetic.rounding import BLOCK
from stabilitylab.core.arithmetic.speed import per_second
from stabilitylab.core.errors import InputError, NotNumericError


def matrix():
    return BFLOAT16.rounded(np.arange(12.0).reshape(3, 4) / 7)


KEEPS = {
    "one entry": lambda A: A[0, 1],
    "one row": lambda A: A[1],
    "a row from a loop": lambda A: next(iter(A)),
    "an entry from a loop": lambda A: list(A[0])[1],
    "transpose": lambda A: A.T,
    "copy": lambda A: A.copy(),
    "deep copy": copy.deepcopy,
    "pickle": lambda A: pickle.loads(pickle.dumps(A)),
    "stack": lambda A: np.stack([A, A]),
    "hstack with plain zeros": lambda A: np.hstack([A, np.zeros((3, 1))]),
    "concatenate": lambda A: np.concatenate([A, A]),
    "zeros_like": lambda A: np.zeros_like(A, shape=(2, 2)),
    "where": lambda A: np.where(A > 1, A, 0.1),
    "outer": lambda A: np.multiply.outer(A[0], A[1]),
    "maximum": lambda A: np.maximum(A, 0.3),
    "abs": abs,
    "minus": lambda A: -A,
    "square": lambda A: A**2,
    "root": np.sqrt,
    "max": lambda A: A.max(),
    "max of a column": lambda A: np.max(np.abs(A), axis=0),
    "scalar to the right": lambda A: A * 0.1,
    "scalar to the left": lambda A: 1 / (A + 1),
    "NumPy scalar": lambda A: A * np.float64(0.1),
    "integers": lambda A: A * np.arange(4),
    "0-d arithmetic": lambda A: A[0, 1] * A[0, 2] + 1,
    "reshape": lambda A: A.reshape(-1),
    "diag": lambda A: np.diag(A[0]),
    "ldexp": lambda A: np.ldexp(A, -3),
    "clip": lambda A: np.clip(A, 0.1, 1),
}


@pytest.mark.parametrize("name", KEEPS)
def test_a_result_is_of_the_format_and_holds_its_numbers_only(name):
    result = KEEPS[name](matrix())
    assert isinstance(result, RoundedArray)
    assert format_of(result) == BFLOAT16
    assert np.array_equal(np.asarray(BFLOAT16.rounded(np.array(result))), np.asarray(result))


REFUSED = {
    "sum": lambda A: np.sum(A),
    "sum of a method": lambda A: A.sum(axis=0),
    "mean": lambda A: A.mean(),
    "std": lambda A: A.std(),
    "prod": lambda A: A.prod(),
    "cumsum": lambda A: A.cumsum(),
    "trace": lambda A: A.trace(),
    "matmul": lambda A: A @ A.T,
    "dot": lambda A: np.dot(A, A.T),
    "dot of a method": lambda A: A.dot(A.T),
    "einsum": lambda A: np.einsum("ij,ij", A, A),
    "inner": lambda A: np.inner(A, A),
    "norm": lambda A: np.linalg.norm(A),
    "svd": lambda A: np.linalg.svd(A),
    "exp": np.exp,
    "cube": lambda A: A**3,
    "hypot": lambda A: np.hypot(A, A),
    "plain array": lambda A: A + np.ones(4),
    "float32 array": lambda A: A + np.ones(4, dtype=np.float32),
    "other format": lambda A: A + FLOAT8_E5M2.rounded(np.ones(4)),
    "stacked with another": lambda A: np.stack([A[0], FLOAT8_E5M2.rounded(np.ones(4))]),
    "written to a plain array": lambda A: np.add(A, A, out=np.empty((3, 4))),
    "where of a ufunc": lambda A: np.add(A, A, where=np.ones((3, 4), dtype=bool)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_single_rounding_is_refused_with_a_way_out(name):
    with pytest.raises(InputError, match=r"round one first|dot, product|np\.sqrt|give an array of that format"):
        REFUSED[name](matrix())


def test_a_python_number_is_rounded_to_the_format_first_as_numpy_does():
    tenth = Fraction(205, 2048)  # 0.1 in bfloat16
    one = BFLOAT16.rounded(np.array([256.0]))
    assert BFLOAT16.exact((one * 0.1)[0]) == 256 * tenth
    half = np.array([256.0], dtype=np.float16) * 0.1
    assert half == 256 * np.float16(0.1)
    assert (one + 1)[0] == 256  # a tie, to even
    assert (one + 3)[0] == 260


def test_in_place_operations_write_into_views_and_round():
    A = matrix()
    whole = A
    A -= 0.1
    assert A is whole
    A[1:, 1:] -= np.multiply.outer(A[1:, 0], A[0, 1:])
    fresh = matrix() - 0.1
    assert np.array_equal(
        np.asarray(A[1:, 1:]), np.asarray(fresh[1:, 1:] - np.multiply.outer(fresh[1:, 0], fresh[0, 1:]))
    )
    A[0, 0] = 1 / 3
    assert BFLOAT16.exact(A[0, 0]) == Fraction(171, 512)
    A.fill(1 / 3)
    assert BFLOAT16.exact(A[2, 3]) == Fraction(171, 512)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_rounding_in_blocks_leaves_no_number_out(size):
    values = np.random.default_rng(size).standard_normal(size)
    for shaped in (values, values.reshape(1, -1), values[:, None], np.stack([values] * 3).T[:, ::2]):
        found = np.asarray(BFLOAT16.rounded(shaped))
        assert found.shape == shaped.shape
        assert [BFLOAT16.rounding.scalar(float(v)) for v in shaped.ravel()] == found.ravel().tolist()
    cube = np.random.default_rng(size).standard_normal((2, 3, 4)).transpose(1, 0, 2)
    a = BFLOAT16.rounded(cube).transpose(1, 2, 0).transpose(2, 0, 1)[::-1]
    assert np.array_equal(np.asarray(a * a), np.asarray(BFLOAT16.rounded(np.asarray(a) ** 2)))


def test_comparisons_give_plain_truth_values():
    A = matrix()
    assert type(A > 1) is np.ndarray
    assert (A > 1).sum() == 4
    assert bool(A[0, 1] < A[0, 2])
    assert float(A[0, 1]) == pytest.approx(1 / 7, rel=2**-8)
    assert type(A.astype(np.float64)) is np.ndarray
    assert A.astype("float32").dtype == np.float32
    assert A.argmax() == 11
    assert repr(BFLOAT16.rounded([1.5])) == "bfloat16([1.5])"


def test_rounding_into_a_native_format_gives_a_plain_array_that_shares_nothing():
    A = matrix()
    plain = FLOAT64.rounded(A)
    assert type(plain) is np.ndarray
    plain[:] = 0
    assert A[0, 1] != 0
    assert FLOAT16.rounded(A).dtype == np.float16
    assert BFLOAT16.rounded(A) is A
    assert format_of(FLOAT8_E4M3.rounded(A)) is FLOAT8_E4M3


@pytest.mark.parametrize("format", [f for f in FORMATS if f.carried], ids=str)
@pytest.mark.parametrize("values", [["a"], [1j], [object()], np.array(["2026-01-01"], dtype="datetime64[D]")])
def test_what_is_no_real_number_is_not_rounded(format, values):
    with pytest.raises(NotNumericError, match="cannot be rounded to"):
        format.rounded(values)


@pytest.mark.parametrize("values", [np.arange(3), np.array(["a"]), np.array([Fraction(1)])])
def test_an_array_of_no_format_is_said_to_have_none(values):
    with pytest.raises(NotNumericError, match="has no floating-point format"):
        format_of(values)


def test_objects_are_rounded_from_what_they_are_exactly():
    values = np.array([Fraction(1, 3), float("inf"), 10**400, -(10**400), float("nan")], dtype=object)
    found = np.asarray(BFLOAT16.rounded(values))
    assert found[0] == 171 / 512
    assert found[1:4].tolist() == [np.inf, np.inf, -np.inf]
    assert np.isnan(found[4])


@pytest.mark.parametrize("operation", ["add", "multiply", "divide", "sqrt"])
def test_ten_million_operations_a_second_are_rounded(operation):
    # Twenty times fewer than an idle core does, and CPU time: other processes do not count.
    assert max(per_second(BFLOAT16, operation) for _ in range(3)) > 1e7


def test_the_speed_of_every_format_is_printed(capsys, monkeypatch):
    monkeypatch.setattr(speed, "per_second", lambda format, name: 1e8 / format.precision)
    assert speed.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [f.name for f in FORMATS if f.precision <= 53]
    assert "(  0.2x)" in lines[3]
