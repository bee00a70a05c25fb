"""The fits of several targets on the same columns."""

from collections.abc import Sequence
from typing import overload

from stabilitylab.exact.fit import CertifiedFit


class CertifiedFits(Sequence[CertifiedFit]):
    """One fit for each target, by number or by name."""

    def __init__(self, fits: Sequence[CertifiedFit], targets: tuple[str, ...]) -> None:
        self.fits, self.targets = tuple(fits), targets

    @overload
    def __getitem__(self, which: int | str) -> CertifiedFit: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[CertifiedFit]: ...
    def __getitem__(self, which: int | str | slice) -> CertifiedFit | Sequence[CertifiedFit]:
        return self.fits[self.targets.index(which) if isinstance(which, str) else which]

    def __len__(self) -> int:
        return len(self.fits)


def several(fits: Sequence[CertifiedFit], targets: tuple[str, ...]) -> CertifiedFits:
    """The fits (k of them) of targets of these names."""
    return CertifiedFits(fits, targets)
