"""One lock for the precision of FLINT's balls, which is one setting for the whole process."""

from threading import Lock

# A ball encloses its number at any precision; the lock, held around a change of it, makes the precision the holder's.
FLINT_PRECISION = Lock()
