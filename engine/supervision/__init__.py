"""The behaviour under every actor: inbox, link to a supervisor, restart, tree."""
