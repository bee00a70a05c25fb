"""Certified least squares: min |b - A x| solved exactly for the numbers as stored, each coefficient rounded once.

How `lstsq` (least_squares.py) gets there. gram/inputs.py validates A, b and weights and makes them exact
(gram/reading.py, gram/exact_input.py): sums of float64 columns where a few add up to the numbers, else integers
(numbers.py); a sparse A stays sparse (gram/sparse.py) and is made dense in blocks of rows. Then the first of these
routes that proves every coefficient is taken; `certificate.route` names it:

1. float64 factor (float64/by_residual.py): one target b of float64, dense data without weights, n >= 31, well
   conditioned or nearly square, not tall tables of short integers. An inverse factor X of A in float64
   (preconditioner.py) and A'(b - A x) to many bits more (fine_gradient.py), every rounding bounded
   (rounding_bounds.py): no exact A'A, most of the cost of route 2. Proves alpha >= |I - X'A'A X|_F with alpha < 1,
   hence full rank, and from alpha and A'(b - A x) a radius of x_j.
2. Otherwise the normal equations C y = c (gram/normal_equations.py) are formed exactly: columns of [A b] (columns.py)
   are split into limbs (limbs.py), whose products BLAS sums without rounding (products.py, with weights weighted.py;
   scattered.py where numbers are far apart), added up by sums.py and folded.py (selftest.py tests the BLAS,
   blas_threads.py its threads). solve/choose.py solves them:
   a. balls (solve/balls.py): n <= 64, or n <= 110 if ill conditioned, where FLINT's ball arithmetic costs least. An
      elimination in balls that ends proves full rank, and its result encloses y.
   b. staged factor (solve/inverse_factor.py, refine.py): more unknowns. An inverse factor of C, bettered until
      alpha < 1 is proven, and refinement with exact residuals; alpha and the residual give the radii.
   c. What digits do not settle, ties and zeros, may have few digits or come of orthogonal columns, which is verified
      (solve/simple.py); else rationals (solve/rational.py), as also under extreme conditioning, within a minute.
   The rank is decided before, where C looks singular (solve/dependence.py): independent columns by elimination modulo a
   prime, relations of the others from there or by lifting (solve/lifting.py), verified in integers. An exactly
   deficient A is refused with its relations (dependent.py), or, under policy "minimum-norm", solved for the least norm
   by normal equations of full rank for the independent columns (solve/least_norm.py), by a to c again.
An enclosure (solve/enclosed.py) is narrow enough when one double is nearest to all of it, or when Cramer's rule leaves
only a tie or 0; of it fitted.py makes the fits of all targets. What is proven is kept in a Certificate
(proof/certificate.py), and `check` (proof/checker.py, entries.py) verifies it in rationals, without a line of the
engine.

The other entries: `GramAccumulator` (in accumulator/, from summed.py) sums blocks into gram/ and goes on at 2, once
solve/definite.py has shown that rows can have such sums, and so do the blocks of a file (fit_file.py). What a block
holds is read by accumulator/block.py, in the units of accumulator/units.py; blocks.py has their ids, observed.py how
exactly their numbers are known. canonical.py gives sums their one form, which is solved, and which kept.py compares
and, with content.py and accumulator/file.py, turns into bytes and back. `CertifiedFit`
(in fit/, from solved.py) gives the figures of a regression (fit/figures.py), from intervals (statistics.py,
solve/interval.py) of x, rss and diag((A'A)^-1) (solve/inverse_diagonal.py); p-values, confidence intervals and
likelihood from those (fit/inference.py) by ball arithmetic (distributions.py, tails.py, likelihood.py); and A x and b -
A x row by row (fit/row_by_row.py, rows.py, in pairs of float64 numbers by float64/pairs.py). Predictions
(fit/prediction.py) are for other rows, which new_table.py makes exact; their intervals need the form a (A'A)^-1 a', as
leverages (leverage.py, float64/forms.py) and Cook's distances (influence.py) do. Several targets have one Gram matrix,
of [A b_0 b_1 ...], of which each fit takes its part, and stand side by side (fit/several.py). How many digits of x the
data support (fit/support.py, supported.py) follows from how exactly numbers of their kind are known (gram/resolution.py
and resolution_of_problem.py); where that is none, a text (undetermined.py) names the columns and the relation between
them within rounding (relation.py). All of it is shown by fit/summary.py, as text, Markdown or HTML (fit/page.py), kept
as a record or a table of pandas (fit/record.py, fit/frame.py), and written to a file (written.py), with predictions for
the rows of another (predict_file.py). A penalty is added to the exact A'A before it is solved (ridge.py). `enclose`
(float64/enclosure.py, gradient.py) proves intervals around x in float64 alone, with fewer digits the larger n u cond(A)
is, and refuses where that nears 1.
"""

from stabilitylab.core.arithmetic.processor import default_mode

# Python computes the constants of a module when it compiles or imports it, in the mode of the processor.
with default_mode():
    from stabilitylab.exact.accumulator import GramAccumulator
    from stabilitylab.exact.fit import CertifiedFit
    from stabilitylab.exact.fit.several import CertifiedFits
    from stabilitylab.exact.float64.enclosure import Enclosure, enclose
    from stabilitylab.exact.least_squares import lstsq
    from stabilitylab.exact.proof.certificate import Certificate
    from stabilitylab.exact.proof.checker import Checked, check

__all__ = [
    "Certificate",
    "CertifiedFit",
    "CertifiedFits",
    "Checked",
    "Enclosure",
    "GramAccumulator",
    "check",
    "enclose",
    "lstsq",
]
