"""Rows of measurements, and what is made of them.

`rows` holds and keeps them; `grid` and `table` make a Table of `cells` of them, with `marks` where no number can stand;
`plot` draws them; `blocks` is what a page is made of, and `writers` turn blocks and tables into files.
"""
