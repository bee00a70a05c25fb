"""Causes of a run that is not where it should be: one file a cause, each with a witness and a run that removes it.

A test of a cause is a function of an `Inquiry` that returns what it found, or None; `search.causes_of` asks all.
"""
