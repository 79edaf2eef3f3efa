"""Networks of threshold units with given weights: states, signs and designs in rational arithmetic."""
