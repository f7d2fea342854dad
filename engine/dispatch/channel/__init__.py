"""A channel that pulls, tries and tells: one worker for each."""
