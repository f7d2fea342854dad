"""Exact nearest people on WGS84."""
