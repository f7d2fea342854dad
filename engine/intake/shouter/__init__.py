"""What happens to a distress that cannot be recorded: HQ hears it all the same."""
