"""A person's table: named columns, each exactly as it is, with what was found out while it was read."""

from stabilitylab.data.table.table import UNITS as UNITS
from stabilitylab.data.table.table import Moments as Moments
from stabilitylab.data.table.table import Table as Table
from stabilitylab.data.table.table_of import table_of as table_of
