"""Who may sign in at HQ, as far as whoever checks may know."""

import os
from contextlib import suppress

from engine.config import Config
from engine.console.operators import FILE, OperatorError, Operators
from engine.roster.model import Role, Roster


def operator_names(config: Config, roster: Roster) -> list[str]:
    """Return who may sign in; the roster's operators before anybody was added."""
    # The service alone may read who they are, or nobody has been added yet.
    added = operators_added(config)
    if added is not None:
        return added
    return sorted(person.person for person in roster.with_role(Role.OPERATOR))


def operators_added(config: Config) -> list[str] | None:
    """Return who was added; None before anybody was, or where it cannot be read."""
    path = config.state / FILE
    if path.exists() and os.access(path, os.R_OK):
        with suppress(OperatorError):
            return list(Operators(config.state).names())
    return None


def operators_fault(config: Config) -> list[str]:
    """Return why nobody could sign in; the engine starts all the same."""
    path = config.state / FILE
    if path.exists() and os.access(path, os.R_OK):
        try:
            Operators(config.state).names()
        except OperatorError as error:
            return [f"state: {error}: nobody can sign in until then"]
    return []
