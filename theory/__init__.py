"""What is true: activations, Gaussian averages, derivations. SymPy and mpmath only."""
