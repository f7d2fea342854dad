"""A signed webhook (Standard Webhooks, version 1)."""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from pydantic_core import from_json
from standardwebhooks import Webhook

from adapters.channels.effect_key import opaque_key
from adapters.channels.exchange import Exchange, HttpOptions
from adapters.channels.options import config_error, read_options, read_secret
from engine.errors import DeliveryError, DeliveryUnknownError, Gathered
from engine.ports.channel import PersonalMessage, Receipt
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName

_SERVER_ERROR = 5
_NO_SUCH_METHOD = 501
_NO = frozenset({"false", "0", "no"})
_FAILED = frozenset({"error", "fail", "failed", "failure"})
_NONE = frozenset({"0", "false", "no", "no error", "none", "null", "ok", "success"})


class WebhookOptions(HttpOptions):
    """Keys of a webhook channel; the secret's file holds `whsec_` and base64."""

    secret_file: Path
    event_type: str = Field(default="alarm.notification", pattern=r"^[a-z0-9_.]+$")


class WebhookChannel:
    """One signed POST per notification; the receiver drops a repeated `webhook-id`."""

    carries = PersonalMessage

    def __init__(
        self,
        name: str,
        options: Mapping[str, object],
        *,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Check the options; no connection is made.

        Raises:
            ConfigError: names the key path.

        """
        self.name = ChannelName(name)
        self._options = read_options(WebhookOptions, name, options)
        self._clock = clock
        gathered = Gathered()
        with gathered.block():
            self._signer = _signer(name, self._options)
        with gathered.block():
            self._exchange = Exchange(
                self.name, self._options, clock=clock, telemetry=telemetry
            )
        gathered.tell()
        self.timeout_s = self._exchange.timeout_s

    def send(self, notification: PersonalMessage) -> Receipt:
        """Post one notification; the proof is the `webhook-id` that was accepted.

        Raises:
            DeliveryError: certainly not taken.
            DeliveryUnknownError: it may have been taken.

        """
        body = _payload(self._options.event_type, notification)
        identifier = f"msg_{opaque_key(notification.key)}"
        now = self._clock.now().to_datetime()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(identifier, now, body),
        }
        answer = self._exchange.request(
            "POST", str(self._options.url), headers=headers, body=body.encode()
        )
        self._exchange.require_success(answer)
        if _says_that_it_failed(answer.body or b""):
            reason = f"answered {answer.status}, and that it failed"
            raise DeliveryUnknownError(self.name, reason)
        return Receipt(reference=identifier)

    def check(self) -> None:
        """Ask whether the receiver's server answers, by HEAD; any word but 5xx will do.

        So will 501: it answers, and does not know HEAD, as many a small receiver.

        Raises:
            DeliveryError: nobody answers, or only to say that it fails.

        """
        try:
            answer = self._exchange.request("HEAD", str(self._options.url), headers={})
        except DeliveryUnknownError as error:
            raise DeliveryError(self.name, error.reason, retry=True) from None
        if answer.status // 100 == _SERVER_ERROR and answer.status != _NO_SUCH_METHOD:
            raise DeliveryError(self.name, f"answered {answer.status}", retry=True)

    def rest(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def interrupt(self) -> None:
        """Make a blocked `send` return; from another thread."""
        self._exchange.interrupt()

    def close(self) -> None:
        """Give the HTTP client back."""
        self._exchange.close()


def _signer(channel: str, options: WebhookOptions) -> Webhook:
    secret = read_secret(channel, "secret_file", options.secret_file)
    if secret.startswith("whsec_"):
        try:
            return Webhook(secret)
        except Exception:  # noqa: BLE001, S110 - whatever it is may quote the secret
            pass
    raise config_error(
        channel,
        "secret_file",
        "a secret of the form whsec_ and base64",
        "take the one that the receiver shows",
    )


def _says_that_it_failed(body: bytes) -> bool:
    """Say whether an answer in JSON takes back what its status says.

    Many a receiver answers 200 to everything, and has its verdict in the body.
    """
    try:
        said = from_json(body.removeprefix(BOM_UTF8))
    except ValueError:
        return False
    if not isinstance(said, dict):
        return False
    is_no = any(_word(said.get(key)) in _NO for key in ("ok", "success"))
    has_failed = _word(said.get("status")) in _FAILED
    errors = (said.get(key) for key in ("error", "errors"))
    return is_no or has_failed or any(map(_is_an_error, errors))


def _is_an_error(said: object) -> bool:
    """Say whether what stands behind `error` is one; many have a word for none."""
    return bool(said) and _word(said) not in _NONE


def _word(said: object) -> str:
    """Return what a value says, however it is written: `false` and "False" are one."""
    return str(said).strip().casefold() if isinstance(said, str | bool | int) else ""


def _payload(event_type: str, notification: PersonalMessage) -> str:
    """Return type, timestamp and data, as Standard Webhooks lays a payload out."""
    return json.dumps(
        {
            "type": event_type,
            "timestamp": str(notification.planned_at),
            "data": {
                **notification.data,
                "to": notification.address,
                "subject": notification.subject,
                "text": notification.text,
                "language": notification.language,
                "urgency": notification.urgency,
                "repeat": notification.repeat,
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
