"""The command stabilitylab: a file for each subcommand, which reads arguments, calls the library and shows the answer.

A new subcommand is one new file here that holds a click command: `main` finds it. It raises the package's errors, ends
by `exits.fail` where a finding is refuted or a threshold missed, says by `exits.keeps` what an interruption leaves, and
shows how far it is by `progress.bars`; exit codes and messages are made in one place, `main`.
"""
