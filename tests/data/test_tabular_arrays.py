"""Arrays in files: .npy read in blocks, and what is refused."""

import subprocess
import sys

import numpy as np
import pytest
from test_tabular import drawn, file, stored

from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
)
from stabilitylab.data.tabular import open_table


def saved(folder, array, name="data.npy", **options):
    np.save(folder / name, array, **options)
    return folder / name


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32", "int64", "uint8", "bool", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_comes_in_blocks_as_stored(tmp_path, dtype, order):
    array = np.asarray(np.arange(21).reshape(7, 3) % 5, dtype=dtype, order=order)
    table = open_table(saved(tmp_path, array))
    assert table.names == ("a0", "a1", "a2")
    assert table.index("2") == table.index("a2") == 2
    for rows in (1, 3, 7, 100):
        assert stored(table, ["a2", "a0"], rows) == array[:, [2, 0]].astype(float).tolist()


BAD_ARRAYS = {
    "a vector": (np.ones(3), ShapeError, r"must hold an array \(m, n\)"),
    "complex": (np.ones((2, 2), dtype=complex), ComplexError, "stack real and imaginary parts"),
    "text": (np.array([["1", "2"]]), NotNumericError, "its dtype is <U1"),
    "pickles": (
        np.array([[1, None]], dtype=object),
        NotNumericError,
        r"dtype object.*not loaded.*array\.astype\(float\)",
    ),
    "a record": (np.zeros((2, 2), dtype=[("a", float)]), NotNumericError, "must hold real numbers"),
    "nothing": (np.ones((0, 2)), EmptyError, "at least one row"),
    "a NaN": (
        np.array([[1.0, 2.0], [3.0, np.nan]]),
        NotFiniteError,
        "row 1, column a1 is nan: give the number, or leave",
    ),
    "an infinity": (np.array([[1.0, np.inf]]), NotFiniteError, "row 0, column a1 is inf: remove"),
    "large whole numbers": (np.array([[1, 2**60 + 1]]), OutOfRangeError, r"row 0, column a1 is 1152921504606846977"),
}


@pytest.mark.parametrize("how", BAD_ARRAYS)
def test_a_bad_array_is_refused_with_row_and_column(tmp_path, how):
    array, kind, says = BAD_ARRAYS[how]
    with pytest.raises(kind, match=says):
        drawn(saved(tmp_path, array), "matrix")


def test_a_file_that_only_says_it_is_an_array_is_refused(tmp_path):
    whole = saved(tmp_path, np.ones((1000, 3))).read_bytes()
    for content, what in ((b"", "no array"), (b"text", "no array"), (whole[:50], "damaged"), (whole[:9000], "damaged")):
        with pytest.raises(InputError, match=rf"is .*{what}.*numpy.save\(path, array\)") as refused:
            open_table(file(tmp_path, content, "cut.npy"))
        assert "pickle" not in str(refused.value)
    np.savez(tmp_path / "several.npz", np.ones(3))
    (tmp_path / "several.npz").rename(tmp_path / "several.npy")
    with pytest.raises(InputError, match="an archive of NumPy"):
        open_table(tmp_path / "several.npy")
    with pytest.raises(InputError, match="ask for truth='matrix'"):
        open_table(saved(tmp_path, np.ones((3, 2)))).read(["a0"], "decimal")


def test_opening_a_pickle_runs_nothing(tmp_path):
    code = (
        "import numpy, sys, os\n"
        "class Trap:\n"
        "    def __reduce__(self): return (os.mkdir, (sys.argv[2],))\n"
        "numpy.save(sys.argv[1], numpy.array([[Trap()]], dtype=object), allow_pickle=True)\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "trap.npy", tmp_path / "sprung"], check=True)
    with pytest.raises(InputError) as refused:
        open_table(tmp_path / "trap.npy")
    assert "allow_pickle" not in str(refused.value)  # which NumPy's own message advises
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("rows", [1, None])
def test_rows_with_a_nan_are_left_out_and_counted(tmp_path, rows):
    array = np.array([[1, 2, np.nan], [np.nan, 3, 4], [5, 6, 7], [8, np.nan, 9]])
    table, left = open_table(saved(tmp_path, array), missing="drop"), []
    _, blocks = table.read(["a0", "a1"], "matrix", rows, left_out=left.extend)
    assert np.vstack(list(blocks)).tolist() == [[1, 2], [5, 6]]
    assert left == [1, 3]
    array[3] = [1, 2, np.inf]
    with pytest.raises(NotFiniteError, match="row 3, column a2 is inf"):
        list(open_table(saved(tmp_path, array), missing="drop").read(["a2"], "matrix", rows)[1])
    array[:, 0] = np.nan
    with pytest.raises(EmptyError, match="every row holds a NaN in columns a0, a1: use fewer of them"):
        list(open_table(saved(tmp_path, array), missing="drop").read(["a0", "a1"], "matrix", rows)[1])
