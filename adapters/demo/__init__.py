"""The demo: the engine with far ends of its own, played through once."""
