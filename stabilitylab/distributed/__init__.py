"""Certified least squares past one machine: the sums of a `GramAccumulator`, made by engines that exist.

Every engine does the same three things: a task sums one block of rows (tasks.py), partial sums are merged in whatever
order they come, and the total is solved. The sums are integers, so that the fit has the same bits as `sl.lstsq` on all
rows at once, whatever the partition, the order and the number of workers. One file an engine: dask.py, joblib.py,
processes.py (multiprocessing and concurrent.futures), ray.py and spark.py; batches.py reads Parquet, Polars, DuckDB and
everything else that speaks Arrow, in batches of rows.
"""
