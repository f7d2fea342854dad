"""What an adapter must be, one file per port; adapters see no more of the engine."""
