"""Whether the engine works: a round trip through inbox, journal and timer."""
