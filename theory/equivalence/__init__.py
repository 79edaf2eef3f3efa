"""The linearly equivalent network at fixed couplings, and the laws of its eigenvalues."""
