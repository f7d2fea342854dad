"""Generators of committed files; none is needed to run the engine."""
