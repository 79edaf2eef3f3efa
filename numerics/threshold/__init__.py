"""Networks of threshold units with given weights: stable states, trajectories, transitions and designs."""
