"""A theory solved at one set of parameters."""
