"""Mutation testing: small faults are planted in a module one at a time, and the tests that reach them must fail."""
