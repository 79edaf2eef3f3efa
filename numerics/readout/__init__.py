"""Networks with a readout: fixed points and chaotic states of the loop, responses, training."""
