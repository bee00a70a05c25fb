"""How routes talk to programs that are not Python."""
