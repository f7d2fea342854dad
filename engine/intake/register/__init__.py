"""Keeps when each device was heard, so that a restart does not forget it."""
