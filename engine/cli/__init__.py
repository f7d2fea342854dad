"""The command line: one file per command group, errors to exit codes."""
