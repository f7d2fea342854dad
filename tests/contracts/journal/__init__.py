"""The contract of `engine.ports.journal`, by subject; `whole` is all of it."""
