"""The alarm engine; `ARCHITECTURE.md` has the map of its packages."""
