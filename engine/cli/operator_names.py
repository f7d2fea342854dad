"""Who may sign in at HQ, as far as whoever checks may know."""

import os

from engine.config import Config
from engine.console.operators import FILE, Operators
from engine.roster.model import Role, Roster


def operator_names(config: Config, roster: Roster) -> list[str]:
    """Return who may sign in; the roster's operators before anybody was added.

    Raises:
        OperatorError: the operators' file is none.

    """
    # The service alone may read who they are, or nobody has been added yet.
    added = operators_added(config)
    if added is not None:
        return added
    return sorted(person.person for person in roster.with_role(Role.OPERATOR))


def operators_added(config: Config) -> list[str] | None:
    """Return who was added; None before anybody was, or where it may not be read.

    Raises:
        OperatorError: the operators' file is none.

    """
    path = config.state / FILE
    is_readable = path.exists() and os.access(path, os.R_OK)
    return list(Operators(config.state).names()) if is_readable else None
