"""How near an answer is: certified references, correct digits, backward errors, error laws, and rows of scores."""
