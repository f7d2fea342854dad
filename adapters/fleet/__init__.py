"""Simulated devices of many wire protocols over real sockets, for load and for show."""
