"""What is known in closed form: limits, scaling laws and special cases, each one a `Limit` whose formulas carry their steps."""
