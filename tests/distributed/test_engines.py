"""Every engine over random partitions, orders and retries: the same sums and the same bits as all rows at once."""

import copy
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import InputError, MissingLibraryError, ShapeError
from stabilitylab.distributed import batches, joblib, processes, ray, spark, tasks
from stabilitylab.distributed import dask as on_dask
from wild import PROPERTY

RNG = np.random.default_rng(3)
M = 240
A = np.column_stack([RNG.standard_normal((M, 2)), 1e7 + np.arange(M)])
B = A @ [1.0, 2.0, 3.0] + RNG.standard_normal(M)
SUMS = sl.GramAccumulator(3, intercept=True).add(A, B)
X = sl.lstsq(A, B, intercept=True).x
HERE = {name: find_spec(name) is not None for name in ("dask", "distributed", "ray", "pyspark", "pandas", "pyarrow")}
needs = {name: pytest.mark.skipif(not here, reason=f"{name} is not installed") for name, here in HERE.items()}


def read(rows):
    """A block, read where it is summed."""
    return A[rows], B[rows]


# --- the engines, all within this process


def by_dask(blocks, **options):
    import dask

    with dask.config.set(scheduler="synchronous"):
        return on_dask.accumulate([dask.delayed(read)(rows) for rows in blocks], split_every=3, **options)


def by_a_bag(blocks, **options):
    import dask
    import dask.bag

    bag = dask.bag.from_sequence([read(rows) for rows in blocks], npartitions=1 + len(blocks) // 2)
    with dask.config.set(scheduler="synchronous"):
        return on_dask.accumulate(bag, **options)


def by_joblib(blocks, **options):
    return joblib.accumulate((partial(read, rows) for rows in blocks), n_jobs=1, **options)


def by_an_executor(blocks, **options):
    with ThreadPoolExecutor(2) as executor:
        return processes.accumulate([read(rows) for rows in blocks], processes=1, executor=executor, **options)


def by_record_batches(blocks, *, ids=None, intercept=False):
    import pyarrow

    tables = [pyarrow.record_batch({**dict(zip("uvw", A[rows].T, strict=True)), "y": B[rows]}) for rows in blocks]
    reader = pyarrow.RecordBatchReader.from_batches(tables[0].schema, tables)
    found = batches.accumulate(reader, "y", intercept=intercept)
    found.names = found.target_names = None  # which arrays have not
    return found


def by_a_pool(blocks, *, ids=None, intercept=False):
    with ThreadPool(2) as pool:
        named = [(read(rows), tasks.block_id(ids, k)) for k, rows in enumerate(blocks)]
        return tasks.total(pool.imap_unordered(lambda task: tasks.block_sums(*task, intercept=intercept), named[::-1]))


ENGINES: dict[str, Callable] = {"joblib": by_joblib, "an executor": by_an_executor, "a pool": by_a_pool}
if HERE["pyarrow"]:
    ENGINES |= {"record batches": by_record_batches}
if HERE["dask"]:
    ENGINES |= {"delayed blocks": by_dask, "a bag": by_a_bag}


@settings(PROPERTY, max_examples=10)
@given(st.sets(st.integers(1, M - 1), max_size=6), st.randoms(use_true_random=False), st.booleans())
def test_every_engine_has_the_bits_of_all_rows_at_once(cuts, random, named):
    order = random.sample(range(M), M)
    blocks = [order[i:j] for i, j in pairwise([0, *sorted(cuts), M])]
    found = {name: run(blocks, intercept=True, ids="part" if named else None) for name, run in ENGINES.items()}
    retried = random.choices(range(len(blocks)), k=2)
    for name, sums in found.items():
        if named and name != "record batches":
            for k in retried if name != "a bag" else ():  # a task that is run again, and one that merges others again
                again = tasks.block_sums(read(blocks[k]), f"part-{k}", intercept=True)
                sums = copy.deepcopy(sums).merge(again) if random.random() < 0.5 else again.merge(sums)
            assert copy.deepcopy(sums).merge(sums) == sums, name
            assert len(sums.blocks) == len(blocks), name
            assert sums.rows == M, name
        else:
            assert sums == SUMS, name
            assert sums.to_bytes() == SUMS.to_bytes(), name
        assert sums.solve().x.tobytes() == X.tobytes(), name


def test_a_merge_leaves_its_parts_as_they_are_so_that_it_can_be_run_again():
    parts = [tasks.block_sums(read(slice(k, k + 60)), intercept=True) for k in range(0, M, 60)]
    before = [part.to_bytes() for part in parts]
    assert tasks.total(parts) == tasks.total([None, *parts[::-1]]) == SUMS
    assert [part.to_bytes() for part in parts] == before


def test_a_task_that_counts_twice_without_an_id_is_noticed():
    part = tasks.block_sums(read(slice(0, 9)))
    assert tasks.total([part, part]).rows == 18


# --- real processes, each once


def test_processes_have_the_same_bits():
    blocks = [partial(read, slice(k, k + 40)) for k in range(0, M, 40)]
    with tasks.engine("joblib", "joblib").parallel_config(backend="threading"):
        assert joblib.lstsq(blocks, n_jobs=2, intercept=True).x.tobytes() == X.tobytes()
    assert (
        processes.accumulate(blocks, processes=1, intercept=True, ids="part")
        .merge(tasks.block_sums(blocks[2], "part-2", intercept=True))
        .solve()
        .x.tobytes()
        == X.tobytes()
    )


@needs["distributed"]
@needs["dask"]
def test_a_local_dask_cluster_has_the_same_bits_for_arrays_dataframes_and_bags():
    import dask.array as da
    from distributed import Client

    with Client(processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None):
        arrays = da.from_array(A, chunks=(70, 2)), da.from_array(B, chunks=60)
        assert on_dask.accumulate(*arrays, intercept=True) == SUMS
        two = on_dask.lstsq(arrays[0], da.stack([arrays[1], arrays[1] ** 2], axis=1), intercept=True)
        assert two[0].x.tobytes() == X.tobytes()
        if HERE["pandas"]:
            import dask.dataframe as dd
            import pandas as pd

            table = dd.from_pandas(pd.DataFrame(A, columns=[*"uvw"]).assign(y=B), npartitions=5)
            fit = on_dask.lstsq(table[[*"uvw"]], table["y"], intercept=True)
            assert fit.x.tobytes() == X.tobytes()
            assert fit.names == ("intercept", "u", "v", "w")
            some = table[table["u"] > 0]  # partitions of unknown sizes
            kept = A[:, 0] > 0
            few = on_dask.lstsq(some[[*"uvw"]].values, some["y"].values, intercept=True)
            assert few.x.tobytes() == sl.lstsq(A[kept], B[kept], intercept=True).x.tobytes()


@needs["ray"]
def test_ray_has_the_same_bits():
    import pandas as pd

    engine = tasks.engine("ray", "ray")
    data = tasks.engine("ray.data", "ray").from_pandas(pd.DataFrame(A, columns=[*"uvw"]).assign(y=B)).repartition(3)
    found = data.aggregate(ray.aggregation([*"uvw"], "y", intercept=True))
    assert found["sums"].solve().x.tobytes() == X.tobytes()
    engine.shutdown()


@needs["pyspark"]
def test_spark_has_the_same_bits(monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    session = tasks.engine("pyspark.sql", "pyspark").SparkSession.builder.master("local[2]").getOrCreate()
    rows = [(*map(float, row), float(right)) for row, right in zip(A, B, strict=True)]
    table = session.createDataFrame(rows, [*"uvwy"]).repartition(3)
    assert spark.accumulate(table, [*"uvw"], "y", intercept=True).solve().x.tobytes() == X.tobytes()
    session.stop()


# --- refusals


@needs["dask"]
def test_what_is_no_dask_collection_or_fits_no_other_is_refused():
    import dask.array as da

    left, right = da.from_array(A, chunks=60), da.from_array(B, chunks=60)
    with pytest.raises(InputError, match="b must be a Dask array or dataframe, as A is; got ndarray"):
        on_dask.accumulate(left, B)
    with pytest.raises(InputError, match="split_every must be at least 2; got 1"):
        on_dask.accumulate(left, right, split_every=1)
    with pytest.raises(InputError, match="there are no blocks to be summed: give at least one"):
        on_dask.accumulate([])
    unknown = left[left[:, 0] > 0], right[:100]
    with pytest.raises(ShapeError, match="b has 2 partitions and A 4: take them from one table, or repartition"):
        on_dask.accumulate(*unknown)


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (7, r"a block must be \(A, b\) or \(A, b, weights\); got int"),
        ((A,), r"got tuple"),
        ((A[:, 0], B), r"A of a block must be a table or an array \(k, n\); got ndarray \(240,\)"),
        (([[1.0]], [1.0]), r"A of a block must be a table or an array \(k, n\); got list$"),
    ],
)
def test_what_is_no_block_is_refused(block, says):
    with pytest.raises(InputError, match=says):
        tasks.block_sums(block)


def test_a_block_without_rows_and_one_with_weights_are_summed():
    empty = tasks.block_sums((A[:0], B[:0]), "part-0")
    assert empty == sl.GramAccumulator(3)
    weights = RNG.integers(0, 3, M)
    cents = sl.GramAccumulator(3, scales=[1, 1, 1, 1], weight_unit=2)
    assert tasks.block_sums((A, B, 2 * weights), like=cents) == cents.zero().add(A, B, 2 * weights)


def test_an_engine_that_is_not_here_is_named_with_what_installs_it():
    with pytest.raises(MissingLibraryError, match=r"needs no_such_engine .*: pip install 'stabilitylab\[dask\]'"):
        tasks.engine("no_such_engine", on_dask.EXTRA)


@pytest.mark.parametrize("name", ["ray", "spark"])
def test_the_adapters_of_ray_and_spark_are_short(name):
    source = (ray if name == "ray" else spark).__spec__.loader.get_data(
        sys.modules[f"stabilitylab.distributed.{name}"].__file__
    )
    code = source.decode().split('"""', 2)[2]
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
