"""Laws of first-order methods on least squares: what eigenvalues, rate, hyperparameters and format say before a run.

Every law is a pure function; `stabilitylab.training` holds what it predicts beside what was measured.
"""
