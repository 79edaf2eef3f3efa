"""The activation function: families, smooth pieces and breakpoints, and every property found from the expression."""
