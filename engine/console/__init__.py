"""What people at HQ see and do, and what programs ask."""
