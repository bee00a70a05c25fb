"""All that an accumulator knows, as plain values: what is compared, packed into bytes, and read from them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.accumulator.blocks import Blocks
from stabilitylab.exact.accumulator.canonical import Canonical
from stabilitylab.exact.accumulator.observed import Observed
from stabilitylab.exact.accumulator.units import positive
from stabilitylab.exact.gram.sums import GramSums

Scales = tuple[Fraction, ...]
Same = list[Fraction | None]


@dataclass(frozen=True, eq=False)
class Content:
    """n, targets, intercept, scales, weight_unit, names, target_names: as in `GramAccumulator`. sums: in units of the
    scales and of weight_unit over their divisor. total: of the weights. same: the number that a column has in every
    row, in its scale, None where it varies; None without rows. observed: how exactly the numbers are known, for each
    tuple of scales in which blocks were counted; None where that is unknown. unweighted: whether every row of weight
    above 0 has the weight 1. blocks: the ids.
    """

    n: int
    targets: int
    intercept: bool
    scales: Scales | None
    weight_unit: Fraction
    names: tuple[str, ...] | None
    target_names: tuple[str, ...] | None
    sums: Canonical
    total: Fraction
    same: Same | None
    observed: Mapping[Scales, Observed] | None
    unweighted: bool
    blocks: Blocks

    def to_arrays(self) -> dict[str, Array]:
        """As arrays that can be packed: the same for the same content, in the order of `file.NAMES`."""
        known = sorted((self.observed or {}).items(), key=lambda entry: entry[0])
        texts = {
            "n": self.n,
            "targets": self.targets,
            "intercept": self.intercept,
            "scales": None if self.scales is None else list(map(_text, self.scales)),
            "weight unit": _text(self.weight_unit),
            "names": self.names,
            "target names": self.target_names,
            "rows": self.sums.rows,
            "divisor": f"{self.sums.divisor:x}",
            "total": _text(self.total),
            "same": None if self.same is None else [None if v is None else _text(v) for v in self.same],
            "observed in": None if self.observed is None else [list(map(_text, scales)) for scales, _ in known],
            "unweighted": self.unweighted,
            "blocks": dict(sorted(self.blocks.digests.items())),
            "loose": self.blocks.loose,
        }
        tables = [one.table for _, one in known] or [np.zeros((0, 4, len(self.sums.exponents)))]
        return {
            "texts": np.frombuffer(json.dumps(texts, separators=(",", ":")).encode("ascii"), dtype=np.uint8),
            "limbs": self.sums.limbs.astype("<i4"),
            "exponents": self.sums.exponents.astype("<i8"),
            "observed": (np.stack(tables) if known else tables[0]).astype("<f8"),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> "Content":
        """From arrays whose shapes and types fit. Raises one of `file.DAMAGED` where what they say does not."""
        texts = json.loads(arrays["texts"].tobytes().decode("ascii"))
        size, targets, intercept = len(arrays["exponents"]), _whole(texts["targets"]), texts["intercept"]
        n = _whole(texts["n"])
        scales, names, target_names, same = (texts[name] for name in ("scales", "names", "target names", "same"))
        _require(min(n, targets) >= 1 and isinstance(intercept, bool) and n + targets + intercept == size)
        _require(scales is None or len(scales) == n + targets)
        _require(same is None or len(same) == n + intercept)
        for found, count in ((names, n), (target_names, targets)):
            _require(found is None or (len(found) == count and all(isinstance(name, str) for name in found)))
        blocks, loose, within = texts["blocks"], texts["loose"], texts["observed in"]
        _require(isinstance(loose, bool) and isinstance(texts["unweighted"], bool))
        _require(all(isinstance(digest, str) for digest in blocks.values()))
        _require(len(within or ()) == len(arrays["observed"]) and all(len(own) == size for own in within or ()))
        _require(bool((arrays["observed"] >= 0).all() and np.isfinite(arrays["observed"]).all()))
        divisor, total = int(texts["divisor"], 16), _fraction(texts["total"])
        _require(divisor >= 1 and divisor % 2 == 1)
        keys = [tuple(positive(_fraction(own)) for own in scale) for scale in within or ()]
        return cls(
            n=n,
            targets=targets,
            intercept=intercept,
            scales=None if scales is None else tuple(positive(_fraction(text)) for text in scales),
            weight_unit=positive(_fraction(texts["weight unit"])),
            names=None if names is None else tuple(names),
            target_names=None if target_names is None else tuple(target_names),
            sums=Canonical(arrays["limbs"], arrays["exponents"], divisor, _whole(texts["rows"])),
            total=total,
            same=None if same is None else [None if text is None else _fraction(text) for text in same],
            observed=None if within is None else dict(zip(keys, map(Observed, arrays["observed"]), strict=True)),
            unweighted=texts["unweighted"],
            blocks=Blocks(blocks, loose),
        )


@dataclass(frozen=True, eq=False)
class OldContent:
    """What formats 1 and 2 hold: sums in units of their own, of [A b] with one target."""

    scales: Scales | None
    weight_unit: Fraction
    sum_scales: Scales | None
    sum_weight_unit: Fraction
    sums: GramSums
    same: Same | None

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> "OldContent":
        """From arrays whose shapes and types fit. Raises one of `file.DAMAGED` where what they say does not."""
        scales, sum_scales, same, units, sum_units = (
            [None if text == "" else _fraction(text) for text in arrays[name].tolist()]
            for name in ("scales", "sum_scales", "same", "weight_unit", "sum_weight_unit")
        )
        ones = [Fraction(1)] * len(arrays["exponents"])
        pairs = zip([*(scales or ones), *units], [*(sum_scales or ones), *sum_units], strict=True)
        _require(all((positive(own) / positive(unit)).denominator == 1 for own, unit in pairs))
        sums = GramSums.restored(arrays["limbs"], arrays["exponents"], int(arrays["rows"]))
        return cls(
            tuple(map(positive, scales)) or None,
            positive(units[0]),
            tuple(map(positive, sum_scales)) or None,
            positive(sum_units[0]),
            sums,
            same or None,
        )


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("what it says does not fit together")


def _whole(value: Any) -> int:
    _require(isinstance(value, int) and not isinstance(value, bool))
    return int(value)


def _text(value: Fraction) -> str:
    """In hexadecimal, for Python refuses to write integers of more than 4300 digits in decimal."""
    return f"{value.numerator:x}/{value.denominator:x}"


def _fraction(text: str) -> Fraction:
    numerator, denominator = text.split("/")
    return Fraction(int(numerator, 16), int(denominator, 16))
