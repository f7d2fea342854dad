"""A certificate for the listeners that speak TLS."""

from tests.certificates import certificate

__all__ = ["certificate"]
