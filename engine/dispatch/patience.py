"""Asking a slow journal for a beginning until it says: else nobody would be told.

A journal that takes longer than one time-out for each answer would have every attempt
given up, found begun later, and repeated as unknown, without a message ever going out.
"""

from collections.abc import Callable, Sequence

from engine.ports.journal import (
    Answer,
    Append,
    EffectClass,
    EffectRow,
    EffectState,
    JournalAccess,
    ReaderLender,
    Unknown,
)

JOURNAL_TIMEOUT_S = 10.0
TRIES_MAX = 6


def ask_patiently(
    journal: JournalAccess,
    begins: Sequence[Append],
    beat: Callable[[], None],
    begun: Callable[[], list[EffectRow]],
    is_wanted: Callable[[], bool],
) -> tuple[Sequence[Answer], list[EffectRow]]:
    """Return the answers; else what of these has `begun` by its rows.

    Each answer may be as late as the one before: what it would say stands in the rows
    first. Whoever is wanted, to tell what is in memory, waits for one time-out alone.
    """
    answers: Sequence[Answer] = ()
    for tries in range(TRIES_MAX):
        answers = journal.ask_all(begins, JOURNAL_TIMEOUT_S)
        is_silent = all(map(_is_silence, answers))
        if is_silent:
            beat()
        elif not tries:
            break  # as nearly always
        # Also where the answer says *repeated*: by what was asked for before.
        if found := begun():
            return answers, found
        if not is_silent or is_wanted():
            break
    return answers, []


def begun_by(
    route: str, rows: Sequence[EffectRow], readers: ReaderLender
) -> list[EffectRow]:
    """Return of which a route has begun this attempt, and nobody has ended it.

    Never of what is never repeated: were one mistaken, it would be public twice.
    """
    with readers.reader() as reader:
        found = [(row, reader.effect(row.effect_id)) for row in rows]
    return [
        row
        for row, now in found
        if now is not None
        and now.effect_class is not EffectClass.EXCLUSIVE
        and now.state is EffectState.ATTEMPTING
        and (now.route, now.attempt) == (route, row.attempt + 1)
    ]


def _is_silence(answer: Answer) -> bool:
    return isinstance(answer, Unknown) and not answer.is_unwritten
