"""Networks with a readout: training, limits, and what the equations know of the vectors."""
