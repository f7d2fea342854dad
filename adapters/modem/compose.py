"""Fits a message into one part: 160 septets or 70 UCS-2 units, cut by priority.

An alarm is one part on purpose. Each further part costs a modem seconds, and one
part lost of three makes all three unreadable. What must survive has the highest
priority; a piece takes its next shorter form, is shortened where it may be, or is
dropped whole. What was given up comes back where the last to go has left room for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapters.modem import gsm7
from adapters.modem.pdu_fields import Charset
from adapters.modem.transliterate import Transliteration, transliterate
from engine.ports.modem import Forms

SEPTETS_MAX = 160
UNITS_MAX = 70
_SHIFT_HEADER_SEPTETS = 5
_BMP_LAST = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a message; `priority` 0 survives all others.

    `shortest` is how many characters must remain where it may be shortened; None
    keeps it whole or drops it. `shorter` is the piece in fewer words, which takes its
    place when its turn to go comes; that form has a priority of its own.
    """

    text: str
    priority: int
    shortest: int | None = None
    shorter: "Piece | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePart:
    """A text that fits one part as coded; `cut` tells that something is missing."""

    text: str
    charset: Charset
    cut: bool = False
    locking: int = 0
    single: int = 0


def fit(
    pieces: Sequence[Piece],
    *,
    transliteration: Transliteration = Transliteration.TYPOGRAPHY,
    languages: Sequence[int] = (),
    joiner: str = " ",
) -> OnePart:
    """Fit pieces into one part, in their order, losing the least important.

    Args:
        pieces: what is to be said.
        transliteration: how far the spelling may change. A text that fits as it
            is keeps its own.
        languages: national languages (TS 23.038, 6.2.1.2.4) whose shift tables
            the recipient's phone is known to read.
        joiner: what stands between the pieces.

    Returns:
        the text, its coding, and whether it was cut. Of several codings that which
        loses the least; plain GSM 7 bit before UCS-2 before shift tables.

    """
    whole = _join(pieces, joiner)
    codings = _codings(whole, transliteration, languages)
    for text, charset, locking, single in codings:
        if _fits(text, charset, locking, single):
            return OnePart(text=text, charset=charset, locking=locking, single=single)
    best: OnePart | None = None
    for text, charset, locking, single in codings:
        respelt = text != whole
        chosen = (
            [_respelt(piece, transliteration) for piece in pieces]
            if respelt
            else list(pieces)
        )
        shortened = _shorten(chosen, charset, locking, single, joiner)
        part = OnePart(
            text=shortened, charset=charset, cut=True, locking=locking, single=single
        )
        if best is None or len(part.text) > len(best.text):
            best = part
    return best if best is not None else OnePart(text="", charset=Charset.GSM7)


def piece_of(forms: Forms) -> Piece:
    """Return a piece from its forms, the long one first; without any it is empty."""
    piece: Piece | None = None
    for priority, text in reversed(forms):
        piece = Piece(text=text, priority=priority, shorter=piece)
    return piece if piece is not None else Piece(text="", priority=0)


def fit_text(
    text: str, *, transliteration: Transliteration = Transliteration.TYPOGRAPHY
) -> OnePart:
    """Fit a text that nobody has divided: its end is what goes."""
    return fit(
        (Piece(text=text, priority=0, shortest=0),), transliteration=transliteration
    )


def segments(text: str, charset: Charset) -> int:
    """Return how many parts a text takes; escapes and surrogates are not split."""
    single, joined = (SEPTETS_MAX, 153) if charset is Charset.GSM7 else (UNITS_MAX, 67)
    costs = [_cost(character, charset) for character in text]
    if sum(costs) <= single:
        return 1
    count, used = 1, 0
    for cost in costs:
        if used + cost > joined:
            count, used = count + 1, 0
        used += cost
    return count


def _cost(character: str, charset: Charset) -> int:
    if charset is Charset.GSM7:
        cost = gsm7.septet_cost(character)
        return SEPTETS_MAX + 1 if cost is None else cost
    return 2 if ord(character) > _BMP_LAST else 1


def _room(charset: Charset, locking: int, single: int) -> int:
    if charset is not Charset.GSM7:
        return UNITS_MAX
    if locking and single:
        return SEPTETS_MAX - 8
    return SEPTETS_MAX - _SHIFT_HEADER_SEPTETS * bool(locking or single)


def _fits(text: str, charset: Charset, locking: int, single: int) -> bool:
    if charset is Charset.GSM7:
        size = gsm7.length(text, locking=locking, single=single)
    else:
        size = len(text.encode("utf-16-be", "surrogatepass")) // 2
    return size is not None and size <= _room(charset, locking, single)


def _codings(
    whole: str, transliteration: Transliteration, languages: Sequence[int]
) -> list[tuple[str, Charset, int, int]]:
    if gsm7.can_encode(whole):
        return [(whole, Charset.GSM7, 0, 0)]
    respelt = transliterate(whole, transliteration)
    codings = [(whole, Charset.UCS2, 0, 0)]
    if gsm7.can_encode(respelt):
        codings.insert(0, (respelt, Charset.GSM7, 0, 0))
    for language in languages:
        for locking, single in ((0, language), (language, 0), (language, language)):
            if gsm7.can_encode(whole, locking=locking, single=single):
                codings.append((whole, Charset.GSM7, locking, single))
                break
    return codings


def _respelt(piece: Piece, transliteration: Transliteration) -> Piece:
    shorter = piece.shorter
    return replace(
        piece,
        text=transliterate(piece.text, transliteration),
        shorter=None if shorter is None else _respelt(shorter, transliteration),
    )


def _join(pieces: Sequence[Piece], joiner: str) -> str:
    return joiner.join(piece.text for piece in pieces if piece.text)


def _shorten(
    pieces: list[Piece], charset: Charset, locking: int, single: int, joiner: str
) -> str:
    """Shorten or drop pieces, the least important and last one first."""
    kept, given = list(pieces), []
    while not _fits(_join(kept, joiner), charset, locking, single):
        victims = [i for i, piece in enumerate(kept) if piece.text]
        if not victims:
            return ""
        at = max(victims, key=lambda i: (kept[i].priority, i))
        victim = kept[at]
        given.append((at, victim))
        if victim.shorter is not None:
            kept[at] = victim.shorter
            continue
        floor = victim.shortest
        is_last = len(victims) == 1
        if is_last:
            floor = 0
        shorter = ""
        if floor is not None:
            low, high = floor, len(victim.text) - 1
            while low <= high:
                middle = (low + high) // 2
                candidate = victim.text[:middle].rstrip()
                cut = replace(victim, text=candidate)
                trial = [*kept[:at], cut, *kept[at + 1 :]]
                if _fits(_join(trial, joiner), charset, locking, single):
                    shorter, low = candidate, middle + 1
                else:
                    high = middle - 1
        kept[at] = replace(victim, text=shorter)
    # The last one to go may have left more room than was wanted.
    for at, longer in reversed(given):
        trial = [*kept[:at], longer, *kept[at + 1 :]]
        if _fits(_join(trial, joiner), charset, locking, single):
            kept = trial
    return _join(kept, joiner)
