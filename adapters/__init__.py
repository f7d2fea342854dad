"""Implementations of `engine.ports`; found by entry point, never imported by the engine."""
