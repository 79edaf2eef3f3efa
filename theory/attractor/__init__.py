"""Networks that store graded patterns as fixed points: weights, Jacobian bulk and outliers, critical loads."""
