"""The durable log: one writer, grouped commits, hash-chained streams, readers."""
