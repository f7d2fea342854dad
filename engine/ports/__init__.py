"""What an adapter must be, one file per port; adapters see nothing else of the engine."""
