"""Experiments: declared, run, written up and compared; and all that an experiment file imports, in one place.

An experiment file begins with `from stabilitylab.lab import Experiment, Finding, ...` and ends with `run_file`:

- what it declares: `Experiment`, findings by `finding`, remedies by `remedy`, `Probe`, `Size`, problems by `case` and
  `cases`;
- what it shows: tables by `Pivot`, `Listing`, `Column` (or a `Table` of `Cell`), figures by `Lines`, `HeatMap`,
  `Scatter`, `Guide`, text on the pages of libraries by `WorstAnswers`, or `Block`s (`Text`, `TableBlock`, `Code`);
- what its findings ask: `Rows` of `Measurement`, with `Status` and `Reporting`;
- what a probe measures with: the catalogues `solvers`, `libraries`, `problems`, the module `bench`, clocks (`costs`,
  `interleaved`), other versions of a library (`Requirement`, `interpreter`, `answer`), another BLAS (`installed_blas`,
  `preloading`), formats and refinement in three of them (`format_named`, `refined`, `refinement_factor`), and the
  probes of behaviour `rank_policy`, `metamorphic` and `fuzz`.
__all__ = [
    "Block", "Breakdown", "Cell", "Code", "Column", "Decimals", "Design", "Experiment", "Finding", "Fit",
    "GramAccumulator", "Guide", "HeatMap", "Library", "Lines", "Listing", "Measurement", "NOTHING", "NoRowsError",
    "Pivot", "Probe", "Problem", "RankDeficientError", "Remedy", "Reporting", "Requirement", "Rows", "Run", "Scatter",
    "Size", "Status", "Table", "TableBlock", "Text", "Truth", "Variant", "VersionError", "WorstAnswers", "answer",
    "as_integers", "bench", "case", "cases", "conditioning", "costs", "enclose", "evidence_of", "exact_input",
    "explain_descent", "finding", "format_named", "fuzz", "haar", "how_reported", "installed_blas", "interleaved",
    "interpreter", "libraries", "lstsq", "metamorphic", "one_decimal", "plain", "preloading", "problems", "rank_policy",
    "reference", "refined", "refinement_factor", "refinements", "remedy", "run_file", "singular_values", "solvers",
    "superscript", "train",
]  # fmt: skip
