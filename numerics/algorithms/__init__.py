"""Self-standing algorithms (NumPy/SciPy only). Their source is inlined into every generated solver module."""
