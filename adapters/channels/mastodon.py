"""Public posts through Mastodon's HTTP interface (version 1, statuses)."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from adapters.channels.effect_key import opaque_key
from adapters.channels.exchange import Exchange, HttpAnswer, HttpOptions
from adapters.channels.options import read_options, read_secret
from engine.errors import DeliveryError, DeliveryUnknownError, Gathered
from engine.ports.channel import PublicMessage, Receipt
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName, EffectId, Instant

# Mastodon keeps an Idempotency-Key for an hour (docs.joinmastodon.org, statuses);
# after that the same request posts again, so the time line is asked from here on.
_KEY_TRUSTED = timedelta(minutes=50)
_PAGE_STATUSES = 40
_PAGES_MAX = 5


class MastodonOptions(HttpOptions):
    """Keys of a Mastodon channel; `url` is the instance's, without a path."""

    token_file: Path
    visibility: Literal["public", "unlisted", "private"] = "public"


class _Account(BaseModel):
    id: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$")


class _Status(BaseModel):
    id: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$")
    created_at: str
    content: str

    def came_after(self, moment: Instant) -> bool:
        """Say whether it was posted after a moment; a strange date counts as after."""
        try:
            return Instant.parse(self.created_at).ms >= moment.ms
        except ValueError:
            return True


_STATUSES = TypeAdapter(list[_Status])


class MastodonChannel:
    """One post per notification, never two: the address is of no meaning here.

    An attempt is safe to repeat under the same key within the hour, and so is a repeat
    that says the same. Later the account's own time line is read first, and a post that
    is there is the proof.
    """

    carries = PublicMessage

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
        self._options = read_options(MastodonOptions, name, options)
        self._clock = clock
        gathered = Gathered()
        with gathered.block():
            self._token = read_secret(name, "token_file", self._options.token_file)
        with gathered.block():
            self._exchange = Exchange(
                self.name, self._options, clock=clock, telemetry=telemetry
            )
        gathered.tell()
        # A late repeat searches before it posts; a search may overrun by a request.
        self.timeout_s = 3 * self._exchange.timeout_s

    def send(self, post: PublicMessage) -> Receipt:
        """Post, or find what an earlier attempt has posted; the proof is its id.

        Raises:
            DeliveryError: certainly not posted.
            DeliveryUnknownError: it may be posted.

        """
        if self._may_be_forgotten(post):
            posted = self._find(post)
            if posted is not None:
                return Receipt(reference=posted)
        body = {
            "status": post.text,
            "visibility": self._options.visibility,
            "language": post.language,
        }
        answer = self._call(
            "POST",
            "/api/v1/statuses",
            headers={"Idempotency-Key": _key_of(post)},
            body=json.dumps(body).encode(),
        )
        self._exchange.require_success(answer)
        try:
            status = _Status.model_validate_json(answer.body or b"")
        except ValidationError:
            reason = "accepted, but the answer is not a status"
            raise DeliveryUnknownError(self.name, reason) from None
        return Receipt(reference=status.id)

    def check(self) -> None:
        """Ask whether the instance answers and knows our token.

        Raises:
            DeliveryError: it does not.

        """
        try:
            self._account()
        except DeliveryUnknownError as error:
            raise DeliveryError(self.name, error.reason, retry=True) from None

    def rest(self) -> None:
        """Do nothing: each request has a connection of its own."""

    def interrupt(self) -> None:
        """Make a blocked `send` return; from another thread."""
        self._exchange.interrupt()

    def close(self) -> None:
        """Give the HTTP client back."""
        self._exchange.close()

    def _may_be_forgotten(self, post: PublicMessage) -> bool:
        if post.attempt == 1 and post.repeat == 0:
            return False
        waited = self._clock.now().since(post.planned_at)
        return waited > _KEY_TRUSTED

    def _find(self, post: PublicMessage) -> str | None:
        """Return the id of our own post with this text, None where there is none.

        Raises:
            DeliveryUnknownError: the time line could not be read to the planned
                moment, so that an earlier attempt may have posted.

        """
        until_s = self._clock.boottime_s() + self._exchange.timeout_s
        try:
            return self._search(self._account(), post, until_s)
        except DeliveryError as error:
            reason = f"an earlier attempt cannot be ruled out: {error.reason}"
            raise DeliveryUnknownError(self.name, reason) from None

    def _search(self, account: str, post: PublicMessage, until_s: float) -> str | None:
        wanted = _bare(post.text)
        oldest: str | None = None
        for _ in range(_PAGES_MAX):
            if self._clock.boottime_s() > until_s:
                raise DeliveryUnknownError(self.name, "the time line is too slow")
            page = self._page(account, oldest)
            for status in page:
                if not status.came_after(post.planned_at):
                    return None
                if _bare(_plain(status.content)) == wanted:
                    return status.id
            if not page:
                return None
            oldest = page[-1].id
        raise DeliveryUnknownError(self.name, "the time line is too long to search")

    def _page(self, account: str, older_than: str | None) -> Sequence[_Status]:
        query = {"limit": str(_PAGE_STATUSES), "exclude_reblogs": "true"}
        if older_than is not None:
            query["max_id"] = older_than
        path = f"/api/v1/accounts/{account}/statuses?{urlencode(query)}"
        answer = self._call("GET", path)
        self._exchange.require_success(answer)
        try:
            return _STATUSES.validate_json(answer.body or b"")
        except ValidationError:
            reason = "the answer is not a time line"
            raise DeliveryError(self.name, reason, retry=True) from None

    def _account(self) -> str:
        answer = self._call("GET", "/api/v1/accounts/verify_credentials")
        self._exchange.require_success(answer)
        try:
            return _Account.model_validate_json(answer.body or b"").id
        except ValidationError:
            reason = "the answer is not an account"
            raise DeliveryError(self.name, reason, retry=True) from None

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> HttpAnswer:
        return self._exchange.request(
            method,
            str(self._options.url).rstrip("/") + path,
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
            body=body,
        )


def _key_of(post: PublicMessage) -> str:
    """Return what is the same for a post and its repeats, as long as they say the same.

    A repeat follows what was certainly not taken. What stands before an instance may
    say so (503) of what it has handed on.
    """
    first = post.key.removesuffix(f".{post.repeat}")
    said = sha256(post.text.encode(errors="backslashreplace")).hexdigest()
    return opaque_key(EffectId(f"{first} {said}"))


def _plain(content: str) -> str:
    """Return a status's HTML as text."""
    return html.unescape(re.sub(r"<[^<>]*>", " ", content))


def _bare(text: str) -> str:
    """Return text without white space: Mastodon lays it out in its own way."""
    return "".join(text.split())
