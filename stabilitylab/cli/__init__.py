"""The command stabilitylab, a file for each subcommand."""
