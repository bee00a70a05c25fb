"""The adapters of Ray and Spark without these engines: what they hand to an engine has the bits of all rows at once.

`test_engines` runs them on the engines themselves, where these are installed.
"""

from types import SimpleNamespace

import cloudpickle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import NotFiniteError
from stabilitylab.distributed import ray, spark
from wild import PROPERTY

RNG = np.random.default_rng(4)
A = np.column_stack([RNG.standard_normal((40, 2)), 1e7 + np.arange(40)])
B = A @ [1.0, 2.0, 3.0] + RNG.standard_normal(40)
SUMS = sl.GramAccumulator(3, intercept=True, names=["u", "v", "w"], target_names=["y"]).add(A, B)
PARTS = st.lists(st.integers(0, 5), min_size=40, max_size=40).map(
    lambda of: [np.flatnonzero(np.array(of) == k) for k in sorted(set(of))]
)


class Rdd:
    """Partitions of rows, with the two methods of pyspark.RDD that are called; each function goes through a pickle."""

    def __init__(self, parts):
        self.parts = parts

    def mapPartitions(self, function):
        function = cloudpickle.loads(cloudpickle.dumps(function))
        runs = [[list(function(iter(part))) for part in self.parts] for _ in range(2)]  # a task may be run again
        return Rdd([[second] for (_, second) in zip(*runs, strict=True)])

    def treeReduce(self, function):
        function = cloudpickle.loads(cloudpickle.dumps(function))
        values = [value for part in self.parts for values in part for value in values]
        while len(values) > 1:
            pairs = [values[k : k + 2] for k in range(0, len(values), 2)]
            values = [function(*pair) if len(pair) == 2 else pair[0] for pair in pairs[::-1]]
        return values[0]


def spark_table(parts):
    """A DataFrame of Spark with the columns y, w, v, u, as far as the adapter asks."""
    columns = {"y": B, "w": A[:, 2], "v": A[:, 1], "u": A[:, 0]}

    def select(*names):
        chosen = [columns[name] for name in names]
        return SimpleNamespace(rdd=Rdd([[tuple(float(c[i]) for c in chosen) for i in part] for part in parts]))

    return SimpleNamespace(select=select)


@pytest.fixture(scope="module")
def rays():
    """The aggregation, made with classes that stand for those of Ray."""
    pandas = pytest.importorskip("pandas")

    class AggregateFnV2:
        def __init__(self, name, zero_factory, *, on, ignore_nulls):
            self.name, self.zero_factory = name, zero_factory

    accessor = SimpleNamespace(for_block=lambda block: SimpleNamespace(to_pandas=lambda: pandas.DataFrame(block)))
    modules = {
        "ray.data.aggregate": SimpleNamespace(AggregateFnV2=AggregateFnV2),
        "ray.data.block": SimpleNamespace(BlockAccessor=accessor),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ray, "engine", lambda name, extra: modules[name])
        return ray.aggregation(["u", "v", "w"], "y", intercept=True)


def of_partition(rows):
    return {**dict(zip("uvw", A[rows].T, strict=True)), "y": B[rows]}


@settings(PROPERTY, max_examples=6)
@given(PARTS, st.integers(0, 2))
def test_spark_sums_partitions_of_any_size_in_any_order(parts, empty):
    parts = [*parts, *[np.array([], dtype=int)] * empty]
    found = spark.accumulate(spark_table(parts), ["u", "v", "w"], "y", intercept=True)
    assert found == SUMS
    assert found.to_bytes() == SUMS.to_bytes()
    assert found.solve().names == ("intercept", "u", "v", "w")


def test_spark_reads_a_partition_in_blocks(monkeypatch):
    monkeypatch.setattr(spark, "ROWS", 7)
    assert spark.accumulate(spark_table([np.arange(40)]), ["u", "v", "w"], "y", intercept=True) == SUMS


@settings(PROPERTY, max_examples=6)
@given(PARTS, st.randoms(use_true_random=False))
def test_ray_combines_blocks_in_any_order_from_its_zero(rays, parts, random):
    blocks = [rays.aggregate_block(of_partition(part)) for part in [*parts, np.array([], dtype=int)]]
    again = [rays.aggregate_block(of_partition(part)) for part in parts]
    assert blocks[:-1] == again
    states = [rays.zero_factory(), *blocks]
    while len(states) > 1:
        one, other = (states.pop(random.randrange(len(states))) for _ in range(2))
        states.append(rays.combine(one, other))
    found = rays.finalize(states[0])
    assert rays.name == "sums"
    assert found == SUMS
    assert found.solve().x.tolist() == SUMS.solve().x.tolist()


def test_a_number_that_is_none_is_refused_where_its_block_is_read(rays):
    with pytest.raises(NotFiniteError, match="column 'u', row 0 is nan"):
        rays.aggregate_block({"u": [np.nan], "v": [1.0], "w": [2.0], "y": [1.0]})
