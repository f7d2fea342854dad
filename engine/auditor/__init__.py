"""Looks at the journal from another process, and shouts where alarms stand still."""
