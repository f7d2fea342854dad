"""A webhook's receiver that keeps what it gets and checks each signature."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from standardwebhooks import Webhook, WebhookVerificationError

from adapters.demo.farends.shelf import Shelf
from adapters.demo.farends.web import WebAnswer, WebRequest, WebServer
from engine.ports.clock import Clock
from engine.values import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One webhook with a good signature; `repeat` where its id was there before."""

    at: Instant
    identifier: str
    repeat: bool
    payload: dict[str, object]

    @property
    def data(self) -> dict[str, object]:
        """Return the payload's data."""
        data = self.payload.get("data")
        return data if isinstance(data, dict) else {}


class HookServer(WebServer):
    """Standard Webhooks on loopback; a bad signature is refused and counted."""

    def __init__(self, clock: Clock, *, secret: str) -> None:
        """Take the port.

        Args:
            clock: stamps what comes in.
            secret: `whsec_` and base64, shared with the sender.

        """
        super().__init__()
        self.hooks = Shelf[Hook]()
        self.forgeries = Shelf[Instant]()
        self._clock = clock
        self._verifier = Webhook(secret)

    def answer(self, request: WebRequest) -> WebAnswer:
        """Take one webhook."""
        if request.method != "POST":
            return WebAnswer(status=HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            self._verifier.verify(request.body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            self.forgeries.add(self._clock.now())
            return WebAnswer(status=HTTPStatus.UNAUTHORIZED)
        identifier = request.headers["webhook-id"]
        known = {hook.identifier for hook in self.hooks.items()}
        self.hooks.add(
            Hook(
                at=self._clock.now(),
                identifier=identifier,
                repeat=identifier in known,
                payload=json.loads(request.body),
            )
        )
        return WebAnswer(status=HTTPStatus.OK)
