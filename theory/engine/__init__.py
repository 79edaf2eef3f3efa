"""Random couplings averaged away: the collective-field engine and, independently, the cavity."""
