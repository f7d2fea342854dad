"""A certificate for the far ends that speak TLS."""

from tests.certificates import certificate

__all__ = ["certificate"]
