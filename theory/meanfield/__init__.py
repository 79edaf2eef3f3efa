"""The large-N theory of each kind of network, assembled from the engine."""
