"""Exact normal equations solved to any number of proven decimal digits, by three methods; intervals of rationals."""
