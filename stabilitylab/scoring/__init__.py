"""Scores an answer: certified references, correct digits, backward errors, error laws, and the row of all scores.

`reference` gives the certified solution of a problem, `accuracy` the correct digits and the backward error of an
answer, `metrics` the catalogue of scores, `theory` what an error law predicts, `score` the row of an answer, and
`reporting` how a wrong answer was reported. Nothing here imports a solver or a library.
"""
