"""The words of our messages, one table per language."""
