"""An operator at the console, through its own HTTP: signs in, looks, acts."""

import re
import secrets
from typing import Self, cast

import httpx2

from engine.errors import EngineError

TIMEOUT_S = 10.0
SEE_OTHER = 303


class ConsoleError(EngineError):
    """The console did not let an operator in, gave no answer, or none to be read."""


class OperatorAtConsole:
    """One browser's worth of HTTP, cookies and CSRF token included."""

    def __init__(self, url: str, operator: str, password: str) -> None:
        """Sign in.

        Raises:
            ConsoleError: name or password was refused, or nobody answers.

        """
        self.operator = operator
        # A proxy of the environment would get what is on this machine alone.
        self._client = httpx2.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)
        try:
            self._csrf = self._sign_in(password)
        except ConsoleError:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        """Use in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self._client.close()

    def cases(self) -> list[dict[str, object]]:
        """Return the live list.

        Raises:
            ConsoleError: no answer, or none to be read; so do the other questions.

        """
        rows = _read(self._ask("GET", "/api/alarms"))
        return cast("list[dict[str, object]]", rows)

    def case(self, alarm: str) -> dict[str, object]:
        """Return one case with its time line."""
        answer = self._ask("GET", f"/api/alarms/{alarm}")
        return cast("dict[str, object]", _read(answer))

    def act(self, alarm: str, name: str, **fields: str) -> str | None:
        """Do one act; returns why it was refused, None where it was done."""
        answer = self._ask(
            "POST",
            f"/alarms/{alarm}/{name}",
            data={"csrf": self._csrf, "id": secrets.token_hex(8), **fields},
            headers={"accept": "application/json"},
        )
        return cast("dict[str, str | None]", _read(answer)).get("refused")

    def page(self, path: str, **fields: str) -> str:
        """Return a page; with fields, the one that answers this form."""
        if not fields:
            return self._ask("GET", path).text
        return self._ask("POST", path, data={"csrf": self._csrf, **fields}).text

    def _sign_in(self, password: str) -> str:
        """Return the token that every act has to bring."""
        data = {"operator": self.operator, "password": password}
        if self._ask("POST", "/sign-in", data=data).status_code != SEE_OTHER:
            message = f"the console refused operator {self.operator}"
            raise ConsoleError(message)
        found = re.search(r'data-csrf="([^"]+)"', self._ask("GET", "/").text)
        if found is None:
            message = "the console's page has no CSRF token"
            raise ConsoleError(message)
        return found[1]

    def _ask(
        self,
        method: str,
        path: str,
        *,
        data: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        try:
            return self._client.request(method, path, data=data, headers=headers)
        except httpx2.HTTPError as error:
            message = f"the console gives no answer: {type(error).__name__}"
            raise ConsoleError(message) from error


def _read(answer: httpx2.Response) -> object:
    try:
        told: object = answer.json()
    except ValueError as error:
        message = f"the console's answer is no JSON: status {answer.status_code}"
        raise ConsoleError(message) from error
    return told
