"""What is true: activations, Gaussian averages, derivations. SymPy and mpmath only."""

__version__ = "0.1.0"
