"""Effects on their way out: one queue, channels that pull."""
