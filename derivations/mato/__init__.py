"""Claims of Mato, Rigatuso, Torroba 2025, one room for each part of the paper."""
