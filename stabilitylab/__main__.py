"""`python -m stabilitylab` is the command `stabilitylab`."""

from stabilitylab.cli.main import main

main()
