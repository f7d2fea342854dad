"""An operator at the console, through its own HTTP: signs in, looks, acts."""

import re
import secrets
from typing import Self

import httpx2

from engine.errors import EngineError

TIMEOUT_S = 10.0
SEE_OTHER = 303


class ConsoleError(EngineError):
    """The console did not let an operator in, or could not be read."""


class OperatorAtConsole:
    """One browser's worth of HTTP, cookies and CSRF token included."""

    def __init__(self, url: str, operator: str, password: str) -> None:
        """Sign in.

        Raises:
            ConsoleError: name or password was refused.

        """
        self.operator = operator
        self._client = httpx2.Client(base_url=url, timeout=TIMEOUT_S)
        answer = self._client.post(
            "/sign-in", data={"operator": operator, "password": password}
        )
        if answer.status_code != SEE_OTHER:
            message = f"the console refused operator {operator}"
            raise ConsoleError(message)
        page = self._client.get("/").text
        found = re.search(r'data-csrf="([^"]+)"', page)
        if found is None:
            message = "the console's page has no CSRF token"
            raise ConsoleError(message)
        self._csrf = found[1]

    def __enter__(self) -> Self:
        """Use in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self._client.close()

    def cases(self) -> list[dict[str, object]]:
        """Return the live list."""
        rows: list[dict[str, object]] = self._client.get("/api/alarms").json()
        return rows

    def case(self, alarm: str) -> dict[str, object]:
        """Return one case with its time line."""
        found: dict[str, object] = self._client.get(f"/api/alarms/{alarm}").json()
        return found

    def act(self, alarm: str, name: str, **fields: str) -> str | None:
        """Do one act; returns why it was refused, None where it was done."""
        answer = self._client.post(
            f"/alarms/{alarm}/{name}",
            data={"csrf": self._csrf, "id": secrets.token_hex(8), **fields},
            headers={"accept": "application/json"},
        )
        refused: str | None = answer.json().get("refused")
        return refused
