"""Saved accumulators: what is written comes back; what was not, is damaged or would run code is refused."""

import errno
import json
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
import zipfile
from fractions import Fraction

import numpy as np
import pytest

from exact_sums import accumulated
from old_accumulators import old_fields
from stabilitylab import GramAccumulator
from stabilitylab.core.errors import InputError

RNG = np.random.default_rng(7)
A = np.column_stack([np.ones(40), RNG.standard_normal((40, 2)), 1e7 + np.arange(40.0)])
B = RNG.standard_normal(40)


def of(left, right):
    return GramAccumulator(left.shape[1]).add(left, right)


def test_what_is_saved_is_loaded_and_goes_on(tmp_path):
    for k, acc in enumerate(
        (
            GramAccumulator(4),
            of(A, B),
            of(A * 2.0**-1000, B * 2.0**500),
            GramAccumulator(4).add(A, B, np.full(40, 2.0**50)),
            GramAccumulator(4, scales=[Fraction(1, 3), 1, 1, 2, Fraction(7, 10**9)]).add(
                np.rint(A).astype(int), [1] * 40
            ),
            of(np.zeros((3, 4)), np.ones(3)),
        )
    ):
        path = tmp_path / f"{k}.npz"
        acc.save(path)
        twin = GramAccumulator.load(str(path))
        assert accumulated(twin) == accumulated(acc)
        assert twin.scales == acc.scales
        assert accumulated(twin.add(A, B)) == accumulated(acc.add(A, B))
        if acc.scales is None:
            assert twin.solve().x.tobytes() == acc.solve().x.tobytes()
            assert twin.solve().r_squared == acc.solve().r_squared
    twin.save(path)
    assert accumulated(GramAccumulator.load(path)) == accumulated(twin)


def test_a_file_keeps_what_removed_and_added_rows_left_when_their_numbers_are_equal(tmp_path):
    acc = GramAccumulator(4).remove(A[:9], B[:9]).add(A[9:18], B[9:18])
    acc.save(tmp_path / "sums.npz")
    assert accumulated(GramAccumulator.load(tmp_path / "sums.npz")) == accumulated(acc)


def test_a_file_has_the_name_it_is_given(tmp_path):
    of(A, B).save(tmp_path / "sums")
    assert accumulated(GramAccumulator.load(tmp_path / "sums")) == accumulated(of(A, B))


def test_a_full_disk_is_named_and_leaves_what_was_there(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    of(A, B).save(tmp_path / "sums")
    before = (tmp_path / "sums").read_bytes()
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(InputError, match="sums cannot be written: No space left on device"):
        of(A, B).save(tmp_path / "sums")
    assert [path.name for path in tmp_path.iterdir()] == ["sums"]
    assert (tmp_path / "sums").read_bytes() == before


class Opens:
    """What runs code when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def stored(path):
    with np.load(path) as content:
        return {name: content[name] for name in content.files}


def as_bytes(text):
    return np.frombuffer(text.encode(), dtype=np.uint8)


def other_files(folder, saved):
    """Files that are no saved accumulator, one by one."""
    path = folder / "other.npz"
    evil = np.array([Opens(folder / "opened")], dtype=object)
    fields = stored(saved)
    yield path  # is not there
    path.write_bytes(b"")
    yield path
    path.write_text("a,b\n1,2\n")
    yield path
    path.write_bytes(pickle.dumps(Opens(folder / "opened")))
    yield path
    for name in fields:
        np.savez(path, **{**fields, name: evil})
        yield path
        np.savez(path, **{key: value for key, value in fields.items() if key != name})
        yield path
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("limbs.npy", pickle.dumps(Opens(folder / "opened")))
    yield path
    said, limbs = json.loads(fields["texts"].tobytes()), fields["limbs"]
    for name, value in {
        "format": 99,
        "limbs": limbs.astype(float),
        "exponents": fields["exponents"][:-1],
        "observed": fields["observed"][:, :, :-1],
        "texts": as_bytes("{"),
    }.items():
        np.savez(path, **{**fields, name: value})
        yield path
    np.savez(path, **{**fields, "limbs": limbs * 2**22})
    yield path
    for name, value in {
        "n": 5,
        "targets": 0,
        "intercept": 1,
        "scales": ["1/1"] * 4,
        "same": ["1/1"],
        "names": ["a", "b", "c", 4],
        "target names": [None],
        "rows": 40.0,
        "divisor": "2",
        "total": "x",
        "weight unit": "0/1",
        "observed in": [],
        "blocks": {"a": 1},
        "loose": "no",
        "unweighted": 1,
    }.items():
        np.savez(path, **{**fields, "texts": as_bytes(json.dumps({**said, name: value}))})
        yield path
        np.savez(path, **{**fields, "texts": as_bytes(json.dumps({k: v for k, v in said.items() if k != name}))})
        yield path
    np.savez(path, **{**fields, "texts": as_bytes(json.dumps({**said, "scales": ["1/0"] * 5}))})
    yield path
    np.savez(path, **{**fields, "texts": as_bytes("[" * 100_000)})
    yield path
    old = old_fields(of(A, B))
    for name, value in {
        "format": 1,
        "limbs": old["limbs"] + np.arange(5),
        "scales": np.array(["1/0"] * 5),
        "sum_scales": np.array(["2/3"] * 5),
        "same": np.zeros(2),
        "sum_weight_unit": np.array(["2/1"]),
        "rows": "many",
    }.items():
        np.savez(path, **{**old, name: value})
        yield path
    np.savez(path, **{**old, "sum_scales": np.array(["-1/1"] * 5)})
    yield path
    np.save(folder / "one.npy", A)
    yield folder / "one.npy"
    yield folder


def test_other_files_are_refused_and_nothing_in_them_is_executed(tmp_path):
    of(A, B).save(tmp_path / "sums.npz")
    for path in other_files(tmp_path, tmp_path / "sums.npz"):
        with pytest.raises(InputError):
            GramAccumulator.load(path)
    assert not (tmp_path / "opened").exists()


def damaged(content, step, mask):
    """The content cut off, and with a byte changed, at every step-th place."""
    for k in range(0, len(content), step):
        yield content[:k]
        yield content[:k] + bytes([content[k] ^ mask]) + content[k + 1 :]


@pytest.mark.parametrize("mask", [0x01, 0x41, 0xFF])
def test_a_damaged_file_is_refused_or_says_what_was_saved(mask, tmp_path):
    acc = of(A, B)
    acc.save(tmp_path / "sums.npz")
    content, path = (tmp_path / "sums.npz").read_bytes(), tmp_path / "damaged.npz"
    refused, expected = 0, accumulated(acc)
    for other in damaged(content, 3, mask):
        path.write_bytes(other)
        try:
            twin = GramAccumulator.load(path)
        except InputError:
            refused += 1
        else:
            assert accumulated(twin) == expected
    assert refused > len(content) / 3


# --- what asks for memory, and where a file is written


def edited(saved, path, **changes):
    np.savez(path, **{**stored(saved), **changes})
    return path


NEW = [
    {"exponents": np.full(5, 1 << 36)},
    {"exponents": np.full(5, -(1 << 36))},
    {"exponents": np.full(5, np.iinfo(np.int64).min)},
    {"limbs": np.full((3, 15), np.iinfo(np.int32).min, dtype=np.int32)},
    {"limbs": np.zeros((0, 15), dtype=np.int32)},
    {"limbs": np.zeros(15, dtype=np.int32)},
    {"limbs": np.zeros((2000, 15), dtype=np.int32)},
    {"observed": np.full((1, 4, 5), np.nan)},
    {"observed": np.full((1, 4, 5), -1.0)},
    {"format": 4},
]
OLD = [
    {"exponents": np.full(5, 1 << 36)},
    {"limbs": np.full((3, 5, 5), np.iinfo(np.int64).min)},
    {"limbs": np.zeros((5, 5), dtype=np.int64)},
    {"rows": -1},
    {"rows": 2.5},
    {"rows": np.array([40])},
    {"format": 3},
    {"scales": np.array(["1/1"] * 4)},
    {"weight_unit": np.array(["1/1"] * 2)},
]


@pytest.mark.parametrize(("format", "changes"), [(3, one) for one in NEW] + [(2, one) for one in OLD], ids=str)
def test_numbers_that_no_sums_have_are_refused(format, changes, tmp_path):
    of(A, B).save(tmp_path / "sums.npz")
    if format == 2:
        np.savez(tmp_path / "sums.npz", **old_fields(of(A, B)))
    GramAccumulator.load(edited(tmp_path / "sums.npz", tmp_path / "same.npz"))
    with pytest.raises(InputError):
        GramAccumulator.load(edited(tmp_path / "sums.npz", tmp_path / "other.npz", **changes))


def test_a_file_that_asks_for_much_memory_is_refused_before_it_is_taken(tmp_path):
    fields, size = old_fields(of(A, B)), 400
    fields |= {"exponents": np.zeros(size, dtype=np.int64), "limbs": np.zeros((200, size, size), dtype=np.int64)}
    fields |= {"same": np.array([""] * (size - 1)), "sum_scales": np.array(["1/1"] * size)}
    np.savez_compressed(tmp_path / "bomb.npz", **fields)
    assert (tmp_path / "bomb.npz").stat().st_size < 1 << 20
    del fields
    tracemalloc.start()
    with pytest.raises(InputError):
        GramAccumulator.load(tmp_path / "bomb.npz")
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


def test_a_file_behind_a_symbolic_link_is_replaced_and_keeps_its_permissions(tmp_path):
    of(A, B).save(tmp_path / "sums.npz")
    (tmp_path / "sums.npz").chmod(0o640)
    (tmp_path / "link.npz").symlink_to("sums.npz")
    of(A[:9], B[:9]).save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "sums.npz").stat().st_mode & 0o777 == 0o640
    assert GramAccumulator.load(tmp_path / "sums.npz").rows == 9


def test_only_files_are_written_and_nothing_is_left_beside_them(tmp_path):
    acc = of(A, B)
    for place in (tmp_path, os.devnull, tmp_path / "no such folder" / "sums.npz"):
        with pytest.raises(InputError, match=re.escape(str(place))):
            acc.save(place)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".sums.npz.{dead.pid}-1.part").write_bytes(b"left by a kill")
    (tmp_path / f".sums.npz.{os.getpid()}-1.part").write_bytes(b"being written by another thread")
    acc.save(tmp_path / "sums.npz")
    assert {path.name for path in tmp_path.iterdir()} == {"sums.npz", f".sums.npz.{os.getpid()}-1.part"}


def test_sums_with_more_rows_removed_than_added_are_not_saved(tmp_path):
    with pytest.raises(InputError, match="9 more rows were removed"):
        GramAccumulator(4).remove(A[:9], B[:9]).save(tmp_path / "sums.npz")
