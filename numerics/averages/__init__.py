"""Averages of an activation as numbers, by generated code."""
