"""The port's values as rows of the SQLite journal's tables."""

from engine.journal.tables import Columns
from engine.ports.journal import Append, EffectRow, StoredEvent
from engine.ports.latest import Doubt, Seen


def event_columns(row: StoredEvent) -> Columns:
    """Return a row of the table `event`."""
    return (
        row.position,
        row.stream,
        row.seq,
        row.epoch,
        row.command_id,
        row.kind,
        row.version,
        row.at.ms,
        row.body,
        row.hash,
    )


def stream_columns(append: Append, seq: int, digest: bytes) -> Columns:
    """Return a row of the table `stream`, as it stands behind an append."""
    head = append.head
    return (
        append.stream,
        append.owner,
        append.epoch,
        seq,
        digest,
        head.status,
        int(head.is_open),
        None if head.next_due is None else head.next_due.ms,
        head.subject,
    )


def effect_columns(plan: EffectRow) -> Columns:
    """Return a row of the table `effect`."""
    return (
        plan.effect_id,
        plan.alarm,
        plan.effect_class.value,
        plan.channel,
        plan.rank,
        plan.planned_at.ms,
        plan.body,
        plan.avoid_route,
        plan.state.value,
        plan.attempt,
        plan.route,
        plan.reference,
        None if plan.changed_at is None else plan.changed_at.ms,
    )


def attendance_columns(seen: Seen) -> Columns:
    """Return a row of the table `attendance`."""
    return seen.device, seen.at.ms, seen.battery_ratio


def doubt_columns(doubt: Doubt) -> Columns:
    """Return a row of the table `doubt`."""
    fix = doubt.fix
    return (
        doubt.person,
        fix.lat_deg,
        fix.lon_deg,
        fix.accuracy_m,
        fix.at.ms,
        doubt.why.value,
    )
