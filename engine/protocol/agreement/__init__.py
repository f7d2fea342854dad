"""The sentences of an agreement that a defender signs, one table per language."""
