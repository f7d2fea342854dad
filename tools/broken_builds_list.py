"""What is broken on purpose, and where: of what becomes of a case."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of one file, and what stands there instead."""

    file: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Broken:
    """One mistake that somebody could make."""

    name: str
    title: str
    changes: tuple[Change, ...]


BROKEN = (
    Broken(
        "early",
        "a device is acknowledged before the commit",
        (
            Change(
                "engine/intake/gateway/door.py",
                "        batch.waiting = len(requests)\n",
                "        answer(True)\n"
                "        batch.answer = lambda durable: None\n"
                "        batch.waiting = len(requests)\n",
            ),
        ),
    ),
    Broken(
        "unarmed",
        "deadlines are not armed again after a restart",
        (
            Change(
                "engine/alarm/directory/actor.py",
                "            (alarm_id, due and max(due, soonest)) "
                "for alarm_id, due in dues\n",
                "            (alarm_id, None) for alarm_id, due in dues\n",
            ),
        ),
    ),
    Broken(
        "unfenced",
        "the epoch is not checked",
        (
            Change(
                "engine/journal/memory.py",
                "        if append.epoch < stream.epoch:\n",
                "        if append.epoch < 0:\n",
            ),
        ),
    ),
    Broken(
        "reposted",
        "a public post of unknown fate is repeated once",
        (
            Change(
                "engine/alarm/repeats.py",
                "    return not is_exclusive or effect.state in certainly_not\n",
                "    return effect.repeat == 0 or not is_exclusive or"
                " effect.state in certainly_not\n",
            ),
        ),
    ),
    Broken(
        "silenced",
        "the first answer takes back what the others were to get",
        (
            Change(
                "engine/alarm/decide.py",
                "        return (received,)\n",
                "        from engine.alarm.acts import _withdrawal\n"
                "        from engine.protocol.model import Audience\n"
                "        others = frozenset({Audience.NEAREST})\n"
                "        return (received, *_withdrawal(alarm, now, others))\n",
            ),
        ),
    ),
    Broken(
        "cancelled",
        "a cancel is honoured under duress: one at HQ closes the case",
        (
            Change(
                "engine/alarm/safety.py",
                "        apparent=not _is_enough(alarm, command),\n",
                "        apparent=False,\n",
            ),
        ),
    ),
    Broken(
        "late",
        "an alarm that the device sends late is dropped",
        (
            Change(
                "engine/intake/assess.py",
                "    if report.signals & raising:\n",
                "    if report.buffered:\n"
                "        return Outcome.NOTHING\n"
                "    if report.signals & raising:\n",
            ),
        ),
    ),
    Broken(
        "sent",
        "what is unknown is shown as sent",
        (
            Change(
                "engine/modems/outcomes.py",
                "    SendResult.UNKNOWN: EffectState.UNKNOWN,\n",
                "    SendResult.UNKNOWN: EffectState.ACCEPTED,\n",
            ),
        ),
    ),
    Broken(
        "contactless",
        "contacts are chosen and none is ever notified",
        (
            Change(
                "engine/alarm/notify.py",
                "            if (recipient.person, channel) not in waiting\n",
                "            if (recipient.person, channel) not in waiting\n"
                "            and step.to is not Audience.CONTACTS\n",
            ),
        ),
    ),
    Broken(
        "uncalled",
        "the step that tells contacts never runs",
        (
            Change(
                "engine/alarm/conditions.py",
                "    if to in _CALLED and (",
                "    if to is Audience.CONTACTS:\n"
                "        return False\n"
                "    if to in _CALLED and (",
            ),
        ),
    ),
    Broken(
        "endless",
        "nobody is ever told that a case has ended",
        (
            Change(
                "engine/alarm/conditions.py",
                "    if to is _TOLD and (is_open or alarm.merged_into is not None):\n",
                "    if to is _TOLD:\n",
            ),
        ),
    ),
    Broken(
        "unclimbed",
        "whoever is not reached on the first rung of a ladder is tried on no other",
        (
            Change(
                "engine/alarm/ladder.py",
                "        if at is not None and way is not None:\n",
                "        if at is not None and way is not None and place < 0:\n",
            ),
        ),
    ),
    Broken(
        "unhanded",
        "the people of a case that was merged are handed to nobody",
        (
            Change(
                "engine/alarm/casework.py",
                "    if alarm.merged_into is None or alarm.handed_on",
                "    if alarm.merged_into is not None or alarm.handed_on",
            ),
        ),
    ),
    Broken(
        "shift",
        "whoever goes off duty keeps the case, and who comes on is not called",
        (
            Change(
                "engine/alarm/lease.py",
                "    return min(due, taken.until)\n",
                "    return due\n",
            ),
        ),
    ),
    Broken(
        "crowd",
        "more of the nearest are called than their file says",
        (
            Change(
                "engine/alarm/schedule.py",
                "    most = alarm.protocol.crowd_max\n",
                "    most = None\n",
            ),
        ),
    ),
    Broken(
        "countdown",
        "colleagues are called while a press can still be called off",
        (
            Change(
                "engine/alarm/schedule.py",
                "        at = max(at, countdown_end(alarm))\n",
                "        pass\n",
            ),
        ),
    ),
    Broken(
        "hasty",
        "a post does not wait for as long as was agreed",
        (
            Change(
                "engine/alarm/schedule.py",
                "    return max(step.delay, alarm.protocol.publication.delay)\n",
                "    return step.delay\n",
            ),
        ),
    ),
    Broken(
        "decider",
        "whoever is at HQ approves a post that one person alone may decide",
        (
            Change(
                "engine/alarm/acts.py",
                "            alarm.protocol.publication.decider not in {None, by},\n",
                "            False,\n",
            ),
        ),
    ),
    Broken(
        "unreplaced",
        "nobody takes the place of whoever declines",
        (
            Change(
                "engine/alarm/schedule.py",
                "    return max(0, len(declined_of(alarm)) - replaced)\n",
                "    return min(0, len(declined_of(alarm)) - replaced)\n",
            ),
        ),
    ),
    Broken(
        "forgotten",
        "nothing is due any more once a case has ended",
        (
            Change(
                "engine/alarm/rows.py",
                "        next_due=due,\n",
                "        next_due=due if alarm.is_open else None,\n",
            ),
        ),
    ),
    Broken(
        "asked",
        "the telephone of whoever is detained is asked whether they are safe",
        (
            Change(
                "engine/alarm/conditions.py",
                "        is_theirs = not alarm.seen.detained ",
                "        is_theirs = True ",
            ),
        ),
    ),
    Broken(
        "held",
        "what a flood holds back is not taken up again",
        (
            Change(
                "engine/alarm/asking.py",
                "HELD = timedelta(seconds=5)\n",
                "HELD = timedelta(days=2)\n",
            ),
        ),
    ),
    Broken(
        "rings",
        "a modem that rings a telephone does not hear at once that an SOS waits",
        (
            Change(
                "engine/modems/actor.py",
                "        self.inbox.on_put = driver.wake\n",
                "",
            ),
        ),
    ),
    Broken(
        "again",
        "a press after a decision passes for a repeat of the one before it",
        (
            Change(
                "engine/alarm/decide.py",
                "    again = again_of(alarm, command.press, now)"
                " if alarm.is_open else Again.NO\n",
                "    again = Again.NO\n",
            ),
        ),
    ),
    Broken(
        "posted",
        "the dispatcher does not look whether a channel carries personal messages",
        (
            Change(
                "engine/dispatch/audience.py",
                "    if kind is carries:\n",
                "    if kind:\n",
            ),
        ),
    ),
    Broken(
        "outgrown",
        "the rows that an older engine has left of a case are passed over",
        (
            Change(
                "engine/alarm/codec.py",
                "        alarm = fold(alarm_id, alarm, decode(row))\n",
                "        if row.version == VERSIONS.get(row.kind):\n"
                "            alarm = fold(alarm_id, alarm, decode(row))\n",
            ),
        ),
    ),
)
