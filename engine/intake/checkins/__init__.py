"""Timers that defenders start themselves: home by a time, or people are told."""
