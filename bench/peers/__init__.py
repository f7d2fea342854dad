"""What a user could pick instead of geocore, each behind one interface."""
