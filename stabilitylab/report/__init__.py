"""Rows of measurements, and what is made of them.

`rows` holds and keeps them; `grid` and `table` make a Table of `cells` of them, of the `fields` asked for, with
`row_marks` that say whose doing a 0.0 is and what stands where no number can, in the symbols of `marks`; `plot` draws
them; `blocks` is what a page is made of, and `writers` turn blocks and tables into files.
"""
