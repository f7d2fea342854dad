"""What comes in: reports to commands, and nothing lost between."""
