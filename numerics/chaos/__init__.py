"""Chaotic states: what replaces a fixed point that is unstable in the bulk."""
