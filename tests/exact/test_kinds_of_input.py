"""What a person may pass as A and b: each kind is served, and has the exact answer, or refused with the way out."""

import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import stabilitylab as sl
from exact_fit import flint_solution
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    NotFiniteError,
    NotNumericError,
    ShapeError,
)
from wild import doubles

F = Fraction
ROWS = [[1.5, 2], [-3, 4.25], [0.1, -7], [8, 0], [1e-3, 5]]
B = [1.0, 2, 4, -1, 0.5]
BIG = [[2**60 + 1, 1], [2**60 + 2, 1], [2**60 + 4, 1], [2**60 + 7, 3], [5, 2]]
DAYS = ["2020-01-01", "2020-01-02", "1969-12-31", "2020-03-01", "2021-01-01"]


def array(rows=ROWS, dtype=float):
    return np.array(rows, dtype=dtype)


def exactly(rows):
    """The numbers of rows as Fractions, those of NumPy's types too."""
    return [
        [
            F(v)
            if isinstance(v, int | str | Decimal | F)
            else F(int(v))
            if isinstance(v, np.integer)
            else F(*v.as_integer_ratio())
            for v in row
        ]
        for row in rows
    ]


def objects(rows):
    out = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        out[i] = row
    return out


def text(rows=ROWS):
    return [[str(v) for v in row] for row in rows]


def mapped(kind):
    return [[kind(v) for v in row] for row in text()]


class Subclass(np.ndarray):
    """An array of a class of its own."""


class HasArray:
    """What xarray and many others have."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


class HasDLPack:
    """An array of another library that NumPy knows by DLPack only."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


def structured():
    out = np.zeros(5, dtype=[("south", "f8"), ("north", "i8")])
    out["south"], out["north"] = [row[0] for row in ROWS], [2**60 + 1, 2, 3, 4, 5]
    return out, [[row[0], v] for row, v in zip(ROWS, out["north"].tolist(), strict=True)]


def memory_mapped(folder):
    np.save(folder / "a.npy", array())
    return np.load(folder / "a.npy", mmap_mode="r")


def frame(library, columns):
    return (library.table if hasattr(library, "table") else library.DataFrame)(columns)


def two(values):
    """A column of these values, beside one of floats."""
    return {"when": values, "south": [row[0] for row in ROWS]}


def beside(values):
    return [[v, row[0]] for v, row in zip(values, ROWS, strict=True)]


SECONDS = [int((datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days) * 86400 for day in DAYS]
BOOLS = [True, False, True, True, False]
MONEY = [Decimal("0.10"), Decimal("2.25"), Decimal("-3.01"), Decimal("7.00"), Decimal("1234567890123456789.01")]


# --- served: what is passed, and the rows that it stands for

SERVED = {
    "list of lists": lambda _: (ROWS, ROWS),
    "tuple of tuples": lambda _: (tuple(map(tuple, ROWS)), ROWS),
    "list of arrays": lambda _: ([np.array(row) for row in ROWS], ROWS),
    "list of ranges": lambda _: ([range(k * k, k * k + 2) for k in range(5)], [[k * k, k * k + 1] for k in range(5)]),
    "list of integers beyond 2**53": lambda _: (BIG, BIG),
    "list of integers of any size beside floats": lambda _: (
        beside([10**40, 1, 2, 3, 4]),
        beside([10**40, 1, 2, 3, 4]),
    ),
    "float16": lambda _: (array(dtype=np.float16), array(dtype=np.float16)),
    "float32": lambda _: (array(dtype=np.float32), array(dtype=np.float32)),
    "float64": lambda _: (array(), ROWS),
    "longdouble": lambda _: (array(dtype=np.longdouble) / 3, array(dtype=np.longdouble) / 3),
    **{
        np.dtype(kind).name: lambda _, kind=kind: (array([[1, 2], [3, 4], [5, 7], [0, 1], [9, 9]], kind),) * 2
        for kind in (np.int8, np.int16, np.int32, np.uint8, np.uint16, np.uint32)
    },
    "int64 beyond 2**53": lambda _: (array(BIG, np.int64), BIG),
    "uint64 beyond 2**63": lambda _: (
        array([[2**64 - 1, 1], [2**64 - 2, 1], [3, 0], [2**63, 1], [1, 5]], np.uint64),
        [[2**64 - 1, 1], [2**64 - 2, 1], [3, 0], [2**63, 1], [1, 5]],
    ),
    "bool": lambda _: (array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]], bool), [[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]]),
    "text": lambda _: (text(), text()),
    "array of text": lambda _: (np.array(text()), text()),
    "Decimal": lambda _: (mapped(Decimal), text()),
    "objects of Decimal": lambda _: (objects(mapped(Decimal)), text()),
    "objects of Fraction": lambda _: (objects([[F(1, 3), F(v)] for v in B]), [[F(1, 3), F(v)] for v in B]),
    "objects of int": lambda _: (objects(BIG), BIG),
    "objects of several kinds": lambda _: (
        objects([["0.1", 1], [0.1, 2], [Decimal("0.1"), 3], [F(1, 10), 4], [np.float32(0.1), 5]]),
        [[F(1, 10), 1], [F(0.1), 2], [F(1, 10), 3], [F(1, 10), 4], [F(float(np.float32(0.1))), 5]],
    ),
    "a masked array without a masked entry": lambda _: (np.ma.masked_array(array(), mask=False), ROWS),
    "memory-mapped": lambda folder: (memory_mapped(folder), ROWS),
    "Fortran order": lambda _: (np.asfortranarray(array()), ROWS),
    "not contiguous": lambda _: (np.repeat(array(), 3, axis=1)[:, ::3], ROWS),
    "negative strides": lambda _: (array()[::-1, ::-1], [row[::-1] for row in ROWS[::-1]]),
    "byte-swapped": lambda _: (array(dtype=">f8"), ROWS),
    "byte-swapped integers": lambda _: (array(BIG, ">i8"), BIG),
    "np.matrix": lambda _: (np.asmatrix(array()), ROWS),
    "a subclass": lambda _: (array().view(Subclass), ROWS),
    "a memoryview": lambda _: (memoryview(array()), ROWS),
    "a structured array": lambda _: structured(),
    "a dict of columns": lambda _: (
        {"a": [row[0] for row in ROWS], "id": [row[0] for row in BIG]},
        [[row[0], big[0]] for row, big in zip(ROWS, BIG, strict=True)],
    ),
    "an object with __array__": lambda _: (HasArray(array()), ROWS),
    "an object with __dlpack__": lambda _: (HasDLPack(array()), ROWS),
    "datetime64": lambda _: (
        np.array([DAYS, DAYS[::-1]], dtype="M8[D]").T,
        [[*pair] for pair in zip(SECONDS, SECONDS[::-1], strict=True)],
    ),
    "datetime64 in nanoseconds": lambda _: (
        np.array([[1, 0], [2**62 + 1, 1], [7, 5], [3, 3], [0, 8]], dtype="M8[ns]"),
        [[F(v, 10**9) for v in row] for row in [[1, 0], [2**62 + 1, 1], [7, 5], [3, 3], [0, 8]]],
    ),
    "datetime64 in months": lambda _: (
        np.array([["2020-01"], ["2020-02"], ["1969-12"], ["2021-01"], ["1970-01"]], dtype="M8[M]"),
        [[18262 * 86400], [18293 * 86400], [-31 * 86400], [18628 * 86400], [0]],
    ),
    "timedelta64": lambda _: (
        np.array([[1], [2], [2**60 + 1], [-4], [5]], dtype="m8[us]"),
        [[F(v, 10**6)] for v in (1, 2, 2**60 + 1, -4, 5)],
    ),
}


def of(library, make):
    """A kind that comes from a library which may not be installed."""
    return lambda _: make(pytest.importorskip(library))


def column(library, make, numbers):
    """A table of a library with a column of some type beside one of floats, and the rows that it stands for."""
    return of(library, lambda module: (frame(module, two(make(module))), beside(numbers)))


IDS, PARIS, TICKS = [row[0] for row in BIG], [s - 3600 for s in SECONDS], [1, 2, 4, 5, 9]
WHOLE, NUMERALS, DATES = (
    list(map(int, BOOLS)),
    ["0.1", "2", "3", "-4", "5"],
    list(map(datetime.date.fromisoformat, DAYS)),
)
LONG = [2**70 + k for k in TICKS]


def in_paris(pd):
    return pd.Series(pd.to_datetime(DAYS).tz_localize("Europe/Paris"))


SERVED |= {
    **{
        f"pandas {name}": column("pandas", lambda pd, name=name: pd.array(IDS, dtype=name), IDS)
        for name in ("int64", "Int64", "int64[pyarrow]")
    },
    "pandas Float64": column("pandas", lambda pd: pd.array(B, dtype="Float64"), B),
    "pandas boolean": column("pandas", lambda pd: pd.array(BOOLS, dtype="boolean"), WHOLE),
    "pandas bool": column("pandas", lambda _: BOOLS, WHOLE),
    "pandas text of numbers": column("pandas", lambda _: NUMERALS, NUMERALS),
    "pandas object": column("pandas", lambda _: MONEY, MONEY),
    "pandas sparse": column("pandas", lambda pd: pd.arrays.SparseArray([0, 1.5, 0, 0, 2]), [0, 1.5, 0, 0, 2]),
    "pandas datetime64": column("pandas", lambda pd: pd.to_datetime(DAYS), SECONDS),
    "pandas datetime64 with a time zone": column("pandas", in_paris, PARIS),
    "pandas date32[pyarrow]": column("pandas", lambda pd: pd.Series(DATES).astype("date32[pyarrow]"), SECONDS),
    "pandas timestamp[pyarrow] with a time zone": column(
        "pandas", lambda pd: in_paris(pd).astype("timestamp[us, tz=Europe/Paris][pyarrow]"), PARIS
    ),
    "pandas timedelta": column("pandas", lambda pd: pd.to_timedelta(TICKS, unit="ms"), [F(v, 1000) for v in TICKS]),
    "pandas decimal128[pyarrow]": column(
        "pandas",
        lambda pd: pd.Series(MONEY).astype(pd.ArrowDtype(pytest.importorskip("pyarrow").decimal128(30, 2))),
        MONEY,
    ),
    "polars Int64": column("polars", lambda _: IDS, IDS),
    "polars Int128": column("polars", lambda pl: pl.Series(LONG, dtype=pl.Int128), LONG),
    "polars Decimal": column("polars", lambda pl: pl.Series(MONEY, dtype=pl.Decimal(30, 2)), MONEY),
    "polars Boolean": column("polars", lambda _: BOOLS, WHOLE),
    "polars Date": column("polars", lambda _: DATES, SECONDS),
    "polars Datetime with a time zone": column(
        "polars", lambda pl: pl.Series(DAYS).str.to_datetime(time_zone="Europe/Paris"), PARIS
    ),
    "polars Duration": column(
        "polars", lambda pl: pl.Series(TICKS).cast(pl.Duration("us")), [F(v, 10**6) for v in TICKS]
    ),
    "polars String of numbers": column("polars", lambda _: NUMERALS, NUMERALS),
    "pyarrow table": column("pyarrow", lambda _: IDS, IDS),
    "pyarrow record batch": of("pyarrow", lambda pa: (pa.record_batch(two(IDS)), beside(IDS))),
    "pyarrow decimal128": column("pyarrow", lambda pa: pa.array(MONEY, pa.decimal128(30, 2)), MONEY),
    "pyarrow bool": column("pyarrow", lambda _: BOOLS, WHOLE),
    "pyarrow date32": column("pyarrow", lambda _: DATES, SECONDS),
    "torch": of("torch", lambda torch: (torch.tensor(ROWS, dtype=torch.float64), ROWS)),
    "torch float32 with a gradient": of(
        "torch", lambda torch: (torch.tensor(ROWS, requires_grad=True), array(dtype=np.float32))
    ),
    "torch int64": of("torch", lambda torch: (torch.tensor(BIG), BIG)),
}


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.filterwarnings("ignore::stabilitylab.core.errors.UndeterminedWarning")
def test_what_is_served_has_the_exact_answer(name, tmp_path):
    if "pyarrow" in name:
        pytest.importorskip("pyarrow")  # pandas needs it for some types of its own
    A, rows = SERVED[name](tmp_path)
    exact = exactly(rows)
    fit = sl.lstsq(A, B)
    assert fit.x.tolist() == doubles(flint_solution(exact, list(map(F, B))))
    assert fit.rows == 5
    # The checker reads the same numbers, without a line of the engine.
    if not isinstance(A, HasDLPack):
        assert sl.check(fit.certificate, A, B)


RIGHT = {
    "range": (lambda _: range(3, 8), range(3, 8)),
    "tuple": (lambda _: tuple(B), B),
    "text": (lambda _: ["0.1", "2", "-3", "4", "5"], [F(1, 10), 2, -3, 4, 5]),
    "bool": (lambda _: BOOLS, list(map(int, BOOLS))),
    "a column": (lambda _: np.array(B)[:, None], B),
    "np.matrix": (lambda _: np.asmatrix(B).T, B),
    "int64": (lambda _: np.array([row[0] for row in BIG]), [row[0] for row in BIG]),
    "datetime64": (lambda _: np.array(DAYS, dtype="M8[s]"), SECONDS),
    "pandas Series": (
        of("pandas", lambda pd: pd.Series([row[0] for row in BIG], dtype="Int64")),
        [row[0] for row in BIG],
    ),
    "pandas table of one column": (of("pandas", lambda pd: pd.DataFrame({"price": B})), B),
    "polars Series": (of("polars", lambda pl: pl.Series("price", MONEY)), MONEY),
    "pyarrow array": (of("pyarrow", lambda pa: pa.array([row[0] for row in BIG])), [row[0] for row in BIG]),
    "pyarrow chunks": (of("pyarrow", lambda pa: pa.chunked_array([B[:2], B[2:]])), B),
    "torch": (of("torch", lambda torch: torch.tensor(B, requires_grad=True)), B),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.filterwarnings("ignore::stabilitylab.core.errors.UndeterminedWarning")
def test_a_right_hand_side_that_is_served_has_the_exact_answer(name, tmp_path):
    make, numbers = RIGHT[name]
    b = make(tmp_path)
    fit = sl.lstsq(ROWS, b)
    assert fit.x.tolist() == doubles(flint_solution(exactly(ROWS), [F(v) for v in numbers]))
    if np.ndim(b) == 1:
        assert sl.check(fit.certificate, ROWS, b)


def bad(library, make, error, says):
    """A table of a library with a column 'when' that is refused, beside a good one."""
    return of(library, lambda module: frame(module, two(make(module)))), error, says


NONE = [1, 2, 3, None, 5]
REFUSED = {
    "a number": (lambda _: 3.0, ShapeError, r"A must have shape \(m, n\); got \(\)"),
    "a 0-d array": (lambda _: np.array(3.0), ShapeError, r"got \(\)"),
    "one row of numbers": (lambda _: B, ShapeError, r"pass A\.reshape\(-1, 1\)"),
    "empty": (lambda _: [], EmptyError, "give the data"),
    "ragged": (lambda _: [[1.0, 2.0], [3.0]], ShapeError, "row 0 has 2 entries and row 1 has 1 entry"),
    "complex": (lambda _: array() * 1j, ComplexError, "stack real and imaginary parts"),
    "a generator": (lambda _: (row for row in ROWS), NotNumericError, r"A is a generator, .*: pass list\(A\)"),
    "a map": (lambda _: map(list, ROWS), NotNumericError, r"A is a map, .*: pass list\(A\)"),
    "a set": (lambda _: {1.0, 2.0}, NotNumericError, "A is a set, which has no order: pass a list"),
    "a text": (lambda _: "data.csv", NotNumericError, r"got 'data\.csv': a file goes to sl\.fit_file\(path, target"),
    "a path": (lambda _: Path("data.csv"), NotNumericError, r"a file goes to sl\.fit_file"),
    "bytes": (lambda _: b"1,2", NotNumericError, "A must hold numbers"),
    "words": (lambda _: [["a"]] * 5, NotNumericError, "column 0 of A, row 0 is 'a', .*pandas.get_dummies"),
    "masked": (lambda _: np.ma.masked_equal(array(), 8.0), NotFiniteError, r"A\[3, 0\] is masked: remove that row"),
    "a masked structured array": (
        lambda _: np.ma.masked_array(structured()[0], mask=[(k == 2, False) for k in range(5)]),
        NotFiniteError,
        r"A\[2, 0\] is masked",
    ),
    "a dict of columns of two lengths": (
        lambda _: {"a": [1, 2], "b": [1]},
        ShapeError,
        r"column 'b' has the shape \(1,\)",
    ),
    "columns in two dimensions": (lambda _: {"a": array()}, ShapeError, r"column 'a' has the shape \(5, 2\)"),
    "a structured array of arrays": (lambda _: np.zeros(3, [("xy", "f8", 2)]), ShapeError, "column 'xy'"),
    "NaT": (
        lambda _: np.array([["2020-01-01"], *[["NaT"]] * 4], "M8[s]"),
        NotFiniteError,
        r"A\[1, 0\] is NaT",
    ),
    "durations in months": (lambda _: np.ones((5, 1), "m8[M]"), NotNumericError, "pass them in days"),
    "dates in a list": (
        lambda _: [[datetime.date(2020, 1, 1)], *[[2.0]] * 4],
        NotNumericError,
        "row 0 is datetime.date.*no number",
    ),
    "an object": (lambda _: object(), NotNumericError, "A must hold real numbers; its dtype is object"),
    "void": (lambda _: np.zeros((5, 1), "V8"), NotNumericError, "its dtype is .*V8"),
    "bfloat16 of ml_dtypes": (
        lambda _: np.ones((5, 1), pytest.importorskip("ml_dtypes").bfloat16),
        NotNumericError,
        r"A is bfloat16, .*: pass A\.astype\('float32'\), which is exact",
    ),
    "bfloat16 of torch": (
        of("torch", lambda torch: torch.ones((5, 1), dtype=torch.bfloat16)),
        NotNumericError,
        r"A is bfloat16.*pass A\.float\(\)",
    ),
    "pandas category": bad(
        "pandas",
        lambda pd: pd.Categorical(list("abcab")),
        NotNumericError,
        "column 'when' holds categories.*pandas.get_dummies",
    ),
    "pandas category of numbers": bad(
        "pandas", lambda pd: pd.Categorical([1, 2, 3, 1, 2]), NotNumericError, "column 'when' holds categories"
    ),
    "pandas words": bad(
        "pandas", lambda pd: list("abcab"), NotNumericError, "column 'when', row 0 is 'a'.*pandas.get_dummies"
    ),
    "pandas Int64 with NA": bad(
        "pandas",
        lambda pd: pd.array(NONE, dtype="Int64"),
        NotFiniteError,
        r"column 'when', row 3 is missing \(row 0 is the first\): remove that row",
    ),
    "pandas boolean with NA": bad(
        "pandas",
        lambda pd: pd.array([True, True, True, None, False], dtype="boolean"),
        NotFiniteError,
        "column 'when', row 3 is missing",
    ),
    "pandas float with NaN": bad("pandas", lambda pd: pd.Series(NONE), NotFiniteError, "column 'when', row 3 is nan"),
    "pandas object with None": bad(
        "pandas", lambda pd: pd.Series(NONE, dtype=object), NotFiniteError, "column 'when', row 3 is missing"
    ),
    "pandas NaT": bad(
        "pandas",
        lambda pd: pd.to_datetime([*DAYS[:3], None, DAYS[4]]),
        NotFiniteError,
        "column 'when', row 3 is missing",
    ),
    "pandas periods": bad(
        "pandas",
        lambda pd: pd.period_range("2020", periods=5, freq="M"),
        NotNumericError,
        r"column 'when' holds periods.*\.dt\.start_time",
    ),
    "pandas intervals": bad(
        "pandas", lambda pd: pd.interval_range(0, 5), NotNumericError, "column 'when', row 0 is Interval.*no number"
    ),
    "pandas complex": bad("pandas", lambda pd: np.array(B) * 1j, ComplexError, "column 'when' is complex"),
    "polars null": bad("polars", lambda pl: NONE, NotFiniteError, "column 'when', row 3 is missing"),
    "polars Categorical": bad(
        "polars",
        lambda pl: pl.Series(list("abcab")).cast(pl.Categorical),
        NotNumericError,
        "column 'when' holds categories.*to_dummies",
    ),
    "polars Time": bad(
        "polars",
        lambda pl: pl.Series([1, 2, 3, 4, 5]).cast(pl.Time),
        NotNumericError,
        "column 'when', row 0 is datetime.time",
    ),
    "polars lists": bad(
        "polars", lambda pl: [[1], [2], [3], [4], [5]], NotNumericError, "column 'when', row 0 is .*no number"
    ),
    "polars LazyFrame": (
        of("polars", lambda pl: pl.LazyFrame({"a": B})),
        NotNumericError,
        r"A is a LazyFrame, .*: pass A\.collect\(\)",
    ),
    "pyarrow null": bad("pyarrow", lambda pa: NONE, NotFiniteError, "column 'when', row 3 is missing"),
    "pyarrow dictionary": bad(
        "pyarrow",
        lambda pa: pa.array(list("abcab")).dictionary_encode(),
        NotNumericError,
        "column 'when' holds categories",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_where_and_the_way_out(name, tmp_path):
    make, error, says = REFUSED[name]
    A = make(tmp_path)
    with pytest.raises(error, match=says) as caught:
        sl.lstsq(A, B)
    assert type(caught.value) is error


def test_more_than_forty_kinds_are_tried():
    assert len(SERVED) + len(RIGHT) + len(REFUSED) > 40
