"""For SREs: `/metrics`, `/-/healthy`, `/-/ready`."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from engine.console.parts import WebParts
from engine.errors import JOURNAL_LOST, JournalUnopenedError
from engine.health import ALL_CHANNELS_DOWN

UNREADY_REASONS = (
    ALL_CHANNELS_DOWN,
    "alarm_standing_still",
    "disk_full",
    "journal_moved",
    "journal_slow",
    "journal_unread",
    "listener_down",
)
ROUTE_REASONS = ("channel_down", "channel_misrouted", "modem_down")
"""Said of an engine that is ready as well. Others may name a case, or what was said in
it: those are for the console and the command line."""
NO_ROUND_TRIP = "no_round_trip"
ROUND_TRIP = ("inbox, journal and timer",)
UNAVAILABLE = 503
UNREADABLE = (
    "the journal cannot be read here: look again; if it stays so, run what is in hand"
    " from the telephone, and read the engine's log"
)
"""What HQ is told where a read failed: of which case, and if for good, is not known."""


def observe_app(parts: WebParts) -> Starlette:
    """Return the application behind the metrics' port."""

    async def metrics(_: Request) -> Response:
        body, content_type = parts.metrics.expose()
        return Response(body, media_type=content_type)

    async def healthy(_: Request) -> Response:
        return Response("healthy\n", media_type="text/plain")

    async def ready(_: Request) -> Response:
        reasons = unready_reasons(parts)
        status = UNAVAILABLE if reasons else 200
        said = {
            "ready": not reasons,
            "reasons": reasons,
            "degraded": _only(parts, ROUTE_REASONS),
        }
        return JSONResponse(said, status_code=status)

    return Starlette(
        routes=[
            Route("/metrics", metrics),
            Route("/-/healthy", healthy),
            Route("/-/ready", ready),
        ]
    )


def unready_reasons(parts: WebParts) -> dict[str, list[str]]:
    """Return why the engine must not be relied on just now; empty where it may be."""
    reasons = _only(parts, UNREADY_REASONS)
    if not parts.readiness.is_fresh():
        reasons[NO_ROUND_TRIP] = list(ROUND_TRIP)
    return reasons


def _only(parts: WebParts, some: tuple[str, ...]) -> dict[str, list[str]]:
    reasons = parts.health.reasons().items()
    return {reason: list(them) for reason, them in reasons if reason in some}


def unread_words(error: Exception) -> str:
    """Return what HQ is told where the journal could not be read."""
    return JOURNAL_LOST if isinstance(error, JournalUnopenedError) else UNREADABLE
