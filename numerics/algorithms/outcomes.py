"""How the search for a solution in time ended."""

SOLVED, SILENT, NO_ROOT, NO_DECAY, NO_CONVERGENCE, CRITICAL, NOT_RESOLVED, UNSTABLE_PAIRS = range(8)  # status
