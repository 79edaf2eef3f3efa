"""Networks of threshold units with given weights: enumeration, trajectories, designs, and comparisons with smooth networks."""
