"""An effect's key as the outside may see it."""

from hashlib import sha256

from engine.values import EffectId


def opaque_key(key: EffectId) -> str:
    """Return 32 hex digits that stand for an effect at providers and receivers.

    The same for every attempt, so that a far end can drop a duplicate. The key
    itself stays inside: it names the alarm, the step and the person.
    """
    return sha256(b"natalia effect " + key.encode()).hexdigest()[:32]
