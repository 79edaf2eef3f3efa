"""From a derived theory to a readable, importable solver module."""
