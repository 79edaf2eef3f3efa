"""Whole covariance matrices, functions of lag and frequency, eigenvalues of one network."""
