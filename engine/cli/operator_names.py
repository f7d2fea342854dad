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
    path = config.state / FILE
    if path.exists() and os.access(path, os.R_OK):
        return list(Operators(config.state).names())
    # The service alone may read who they are, or nobody has been added yet.
    return sorted(person.person for person in roster.with_role(Role.OPERATOR))
