"""Which alarms are awake, and whose case is open."""
