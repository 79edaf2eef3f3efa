"""What it comes to: generated solvers, quadrature, simulation, estimators, validation."""
