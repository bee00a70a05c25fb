"""Experiments: declared, run, written up and compared; and all that an experiment file imports, in one place.

An experiment file begins with `from stabilitylab.lab import Experiment, Finding, ...` and ends with `run_file`:

- what it declares: `Experiment`, findings by `finding`, remedies by `remedy`, `Probe`, `Size`, problems by `case` and
  `cases`;
- what it shows: tables by `Pivot`, `Listing`, `Column` (or a `Table` of `Cell`), figures by `Lines`, `HeatMap`,
  `Scatter`, `Guide`, text on the pages of libraries by `WorstAnswers`, or `Block`s (`Text`, `TableBlock`, `Code`);
- what its findings ask: `Rows` of `Measurement`, with `Status` and `Reporting`;
- what a probe measures with: the catalogues `solvers`, `libraries`, `problems`, the module `bench`, clocks (`costs`,
  `interleaved`), other versions of a library (`Requirement`, `interpreter`, `answer`), another BLAS (`installed_blas`,
  `preloading`), formats and refinement in three of them (`format_named`, `refined`, `refinement_factor`), the probes
  of behaviour `rank_policy`, `metamorphic` and `fuzz`, and training runs (`train`, `Run`, `explain_descent`)
  with the laws that predict them (`floors`, `hump`, `modes`, `tuning`, `Start`), and the optimisers of libraries
  (`optimisers`, `trajectory`) beside their formulas (`replayed`).
"""

from stabilitylab import bench, libraries, problems, solvers
from stabilitylab.bench.causes import cause_named
from stabilitylab.bench.optimisers import trajectory
from stabilitylab.bench.timing import costs, interleaved
from stabilitylab.core.arithmetic.formats import as_integers, format_named
from stabilitylab.core.blas import installed as installed_blas
from stabilitylab.core.blas import preloading
from stabilitylab.core.errors import Breakdown, RankDeficientError
from stabilitylab.core.library import Library
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import Fit, Measurement, Status, Truth
from stabilitylab.data.equivalents import Variant
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.exact import GramAccumulator, enclose, lstsq
from stabilitylab.exact.gram.inputs import exact_input
from stabilitylab.exact.statistics import evidence_of
from stabilitylab.lab.environments import Requirement, VersionError, interpreter
from stabilitylab.lab.experiment import Experiment, Probe, Size
from stabilitylab.lab.finding import Finding, Remedy, finding, remedy
from stabilitylab.lab.library_page import WorstAnswers
from stabilitylab.lab.script import run_file
from stabilitylab.lab.version_watch import answer
from stabilitylab.libraries import optimisers
from stabilitylab.probes import fuzz, metamorphic, rank_policy
from stabilitylab.problems import case, cases
from stabilitylab.problems.synthetic import haar, singular_values
from stabilitylab.report.blocks import Block, Code, TableBlock, Text
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.marks import NOTHING, plain, superscript
from stabilitylab.report.plot import Guide, HeatMap, Lines, Scatter
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.report.table import Column, Listing, Pivot
from stabilitylab.scoring.reference import reference
from stabilitylab.scoring.reporting import Reporting, how_reported
from stabilitylab.scoring.theory.condition import conditioning
from stabilitylab.scoring.theory.descent import floors, hump, modes, recurrence, tuning
from stabilitylab.scoring.theory.descent.start import Start
from stabilitylab.scoring.theory.refinement import refinement_factor
from stabilitylab.solvers.descent.schedules import constant
from stabilitylab.solvers.refinement import refined, refinements
from stabilitylab.training import replayed
from stabilitylab.training.explain import explain_descent
from stabilitylab.training.run import Run, train

__all__ = [
    "NOTHING", "Block", "Breakdown", "Cell", "Code", "Column", "Decimals", "Design", "Experiment", "Finding", "Fit",
    "GramAccumulator", "Guide", "HeatMap", "Library", "Lines", "Listing", "Measurement", "NoRowsError", "Pivot",
    "Probe", "Problem", "RankDeficientError", "Remedy", "Reporting", "Requirement", "Rows", "Run", "Scatter", "Size",
    "Start", "Status", "Table", "TableBlock", "Text", "Truth", "Variant", "VersionError", "WorstAnswers", "answer",
    "as_integers", "bench", "case", "cases", "cause_named", "conditioning", "constant", "costs", "enclose",
    "evidence_of", "exact_input", "explain_descent", "finding", "floors", "format_named", "fuzz", "haar",
    "how_reported", "hump", "installed_blas", "interleaved", "interpreter", "libraries", "lstsq", "metamorphic",
    "modes", "one_decimal", "optimisers", "plain", "preloading", "problems", "rank_policy", "recurrence", "reference",
    "refined", "refinement_factor", "refinements", "remedy", "replayed", "run_file", "singular_values", "solvers",
    "superscript", "train", "trajectory", "tuning",
]  # fmt: skip
