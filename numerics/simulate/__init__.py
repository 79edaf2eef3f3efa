"""Reference simulators of the real networks, one file per model."""
