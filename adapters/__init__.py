"""Implementations of `engine.ports`, found by entry point, never by import."""
