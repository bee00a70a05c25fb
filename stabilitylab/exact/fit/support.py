"""How many digits of the coefficients of a fit the data support, and which columns they cannot tell apart."""

from functools import cached_property

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.exact import supported
from stabilitylab.exact.fit.solved import Solved
from stabilitylab.exact.relation import NearRelation, relations_in_norm, relations_in_rows
from stabilitylab.exact.undetermined import undetermined


class Supported(Solved):
    """What a change of the data within their rounding does to the coefficients."""

    @cached_property
    @in_default_mode
    def supported_digits(self) -> Array | None:
        """How many digits of each coefficient the data support (n,), within [0, 15.95].

        Those that any change of the numbers within their rounding leaves: half an ulp of floats, half a unit of the
        last place of decimals, nothing for columns of whole numbers; the rule is in `exact.gram.resolution`. It is the
        worst case to first order, from n x n quantities (`exact.supported`), and an estimate. 0 where a column takes
        part in one of `near_relations` that is strict. The certified digits beyond are right for the numbers as they
        stand, and say nothing about what these were rounded from. None at a lower rank, with a penalty, and for sums
        from a file that does not say how exactly its numbers were known.
        """
        if self.known is None or self.certificate.rank < len(self.x):
            return None
        if self.sensitivity is None:  # every number is exact
            return np.full(len(self.x), supported.MOST)
        digits = self.sensitivity.digits(self._moved)
        if digits.min() >= supported.DETERMINED:
            return digits
        shown = [name for one in self.near_relations if one.is_strict for name in one.names]
        digits[[j for j, name in enumerate(self.names) if name in shown]] = 0.0
        return digits

    @cached_property
    @in_default_mode
    def near_relations(self) -> tuple[NearRelation, ...]:
        """Columns that depend on each other within the rounding of their numbers, with proof; see `exact.relation`.

        Looked for where the data support less than a digit of some coefficient. None proves nothing.
        """
        if self.known is None or self.sensitivity is None:
            return ()
        if not self.sensitivity.noise(self._moved).any():
            return ()
        if self.data is not None:
            rows = self._kept()
            counted = slice(None) if rows.weights is None else rows.weights.values.astype(bool)
            return relations_in_rows(rows.data.rows(counted), self.known, self.names)
        return () if self.system is None else relations_in_norm(self.system, self.known, self.names)

    @property
    def undetermined(self) -> str:
        """Which coefficients are rounding noise, why, and the way out, in words; "" where none is.

        Noise has less than one supported digit, and is not 0 to 4 digits of its natural size |b| / |a_j| either, as
        the intercept of centred data is.
        """
        if self.known is None or self.sensitivity is None:
            return ""
        noise = self.sensitivity.noise(self._moved)
        if not noise.any():
            return ""
        return undetermined(self.names, noise, self.sensitivity.sizes, self._moved, self.near_relations)

    @property
    def is_determined(self) -> bool:
        """Whether no coefficient is rounding noise; mostly seen without the digits. True where that is unknown."""
        if self.sensitivity is None or self.sensitivity.surely_determined(self._rounding):
            return True
        return not self.undetermined

    @property
    def _rounding(self) -> Array:
        assert self.known is not None, "a sensitivity is for numbers whose resolution is known"
        return self.known.rounding(self.system)

    @cached_property
    def _moved(self) -> Array:
        """How far the rounding of the data moves each coefficient at worst (n,), in units of |b| / |a_j|."""
        assert self.sensitivity is not None, "what is exact is not moved"
        share = self.sensitivity.residual
        if self.system is not None and self.solution is not None:
            share = supported.residual_share(self.system, self.solution)
        return self.sensitivity.moved(self._rounding, share)
