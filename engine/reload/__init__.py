"""A configuration that changes while the engine runs: what changes, and who asked."""
