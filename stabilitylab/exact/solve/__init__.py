"""Exact normal equations solved to any number of proven digits, and the intervals that say so."""
