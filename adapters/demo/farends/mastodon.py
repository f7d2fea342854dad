"""The part of Mastodon's HTTP interface that the channel uses."""

import html
import json
import re
import threading
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from adapters.demo.farends.shelf import Shelf
from adapters.demo.farends.web import WebAnswer, WebRequest, WebServer
from engine.ports.clock import Clock
from engine.values import Instant

_KEY_KEPT = timedelta(hours=1)
_TEXT_CHARACTERS_MAX = 500
_FIRST_ID = 115_000_000_000_000_000
_ACCOUNT = "109000000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One status, with the key of the request that made it."""

    at: Instant
    identifier: str
    text: str
    visibility: str
    language: str
    key: str

    def as_json(self) -> dict[str, object]:
        """Return it as the interface shows a status."""
        return {
            "id": self.identifier,
            "created_at": str(self.at),
            "visibility": self.visibility,
            "language": self.language,
            "content": _as_html(self.text),
            "account": {"id": _ACCOUNT},
        }


class MastodonServer(WebServer):
    """An instance with one account; an Idempotency-Key is honoured for an hour."""

    def __init__(self, clock: Clock, *, token: str) -> None:
        """Take the port.

        Args:
            clock: stamps the posts.
            token: what the account's requests must bear.

        """
        super().__init__()
        self.posts = Shelf[Post]()
        self._clock = clock
        self._token = token
        self._posting = threading.Lock()

    def answer(self, request: WebRequest) -> WebAnswer:
        """Take one request."""
        if request.headers.get("authorization") != f"Bearer {self._token}":
            return WebAnswer(status=HTTPStatus.UNAUTHORIZED)
        target = urlsplit(request.target)
        match (request.method, target.path):
            case ("POST", "/api/v1/statuses"):
                return self._post(request)
            case ("GET", "/api/v1/accounts/verify_credentials"):
                return _json({"id": _ACCOUNT, "username": "demo"})
            case ("GET", path) if path == f"/api/v1/accounts/{_ACCOUNT}/statuses":
                return self._statuses(parse_qs(target.query))
        return WebAnswer(status=HTTPStatus.NOT_FOUND)

    def _post(self, request: WebRequest) -> WebAnswer:
        status = json.loads(request.body)
        text = str(status.get("status", ""))
        if not 0 < len(text) <= _TEXT_CHARACTERS_MAX:
            return WebAnswer(status=HTTPStatus.UNPROCESSABLE_ENTITY)
        key = request.headers.get("idempotency-key", "")
        with self._posting:
            post = self._earlier(key)
            if post is None:
                post = Post(
                    at=self._clock.now(),
                    identifier=str(_FIRST_ID + len(self.posts.items())),
                    text=text,
                    visibility=str(status.get("visibility", "public")),
                    language=str(status.get("language", "en")),
                    key=key,
                )
                self.posts.add(post)
        return _json(post.as_json())

    def _earlier(self, key: str) -> Post | None:
        now = self._clock.now()
        for post in reversed(self.posts.items()):
            if key and post.key == key and now.since(post.at) < _KEY_KEPT:
                return post
        return None

    def _statuses(self, query: dict[str, list[str]]) -> WebAnswer:
        limit = int(query.get("limit", ["20"])[0])
        below = int(query.get("max_id", [str(2 * _FIRST_ID)])[0])
        newest_first = reversed(self.posts.items())
        page = [post for post in newest_first if int(post.identifier) < below]
        return _json([post.as_json() for post in page[:limit]])


def _json(value: object) -> WebAnswer:
    return WebAnswer(status=HTTPStatus.OK, body=json.dumps(value).encode())


def _as_html(text: str) -> str:
    """Return a status's text as Mastodon lays it out, with links taken apart."""
    paragraphs = html.escape(text).replace("\n", "<br />")
    linked = re.sub(
        r"(https?://)([^\s<]+)",
        r'<a href="\1\2"><span class="invisible">\1</span><span>\2</span></a>',
        paragraphs,
    )
    return f"<p>{linked}</p>"
