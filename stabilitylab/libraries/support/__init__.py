"""How routes exchange data with programs that are not Python, and with spreadsheet programs."""
