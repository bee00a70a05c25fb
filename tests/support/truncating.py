"""Planted routes for probing: least squares by an SVD whose cut-off, scaling and words are known."""

import numpy as np

from stabilitylab.core.catalog import Entry, RouteLabel


def planted(function, call_form="matrix", **claims):
    return Entry(label=RouteLabel(name="planted.route", source="", call_form=call_form, **claims), function=function)


def truncated(tau, *, scaled=False, grows=False, bites=lambda A, b, x: x):
    """Least squares by an SVD that drops singular values up to tau; what `bites` says where it does."""

    def solve(A, b):
        lengths = np.linalg.norm(A, axis=0) if scaled else np.ones(A.shape[1])
        U, s, Vt = np.linalg.svd(A / lengths, full_matrices=False)
        keep = s > tau * (len(A) / 8 if grows else 1) * s[0]
        x = (Vt[keep].T @ ((U.T @ b)[keep] / s[keep])) / lengths
        return x if keep.all() else bites(A, b, x)

    return solve
