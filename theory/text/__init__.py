"""From user text to a SymPy expression through a whitelist: tokens, grammar, bounds, proof that the result is real."""
