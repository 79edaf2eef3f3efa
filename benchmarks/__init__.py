"""Every promise of the toolkit, measured against a named baseline in the same run."""
