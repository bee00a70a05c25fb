"""Files of accumulators in the formats 1 and 2, as versions up to 0.3 wrote them."""

import numpy as np


def old_fields(acc, format=2):
    """The arrays of a saved accumulator of one target, by the names that the format has."""
    normal = acc.normal_equations()
    scales = [f"{s.numerator:x}/{s.denominator:x}" for s in acc.scales or ()]
    same = ["" if v is None else f"{v.numerator:x}/{v.denominator:x}" for v in acc._same or ()]
    of_sums = [f"{s.numerator:x}/{s.denominator:x}" for s in acc._sum_scales]
    units = [f"{u.numerator:x}/{u.denominator:x}" for u in (acc.weight_unit, acc._sum_weight_unit)]
    fields = {
        "format": np.array(format),
        "rows": np.array(acc.rows),
        "limbs" if format == 2 else "digits": np.triu(normal.limbs),
        "exponents": normal.exponents,
        "scales": np.array(scales, dtype=np.str_),
        "weight_unit": np.array(units[:1]),
        "same": np.array(same, dtype=np.str_),
    }
    if format == 2:
        fields |= {"sum_scales": np.array(of_sums), "sum_weight_unit": np.array(units[1:])}
    return fields
