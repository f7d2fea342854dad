"""What is broken on purpose of what people say, and of whoever is not heard of."""

from tools.broken_builds_list import Broken, Change

SAID = (
    Broken(
        "unproven",
        "the timer of who has agreed on words is ended by one that says neither",
        (
            Change(
                "engine/intake/checkins/timer.py",
                "    if said.word is None and said.has_words:\n"
                "        return Change(answer=TEXT_ON)\n",
                "",
            ),
        ),
    ),
    Broken(
        "unforced",
        "a word of force that ends a timer raises nothing",
        (
            Change(
                "engine/intake/checkins/actor.py",
                "        takes = (message.key,) "
                "if mine and message.word is not Word.DURESS else ()\n",
                "        takes = (message.key,) if mine else ()\n",
            ),
        ),
    ),
    Broken(
        "believed",
        "what a colleague is forced to answer counts as a true answer",
        (
            Change(
                "engine/alarm/evolve.py",
                "    if event.duress or event.person == alarm.defender:\n",
                "    if event.person == alarm.defender:\n",
            ),
        ),
    ),
    Broken(
        "safe",
        "that all is well counts where a colleague is forced to say it",
        (
            Change(
                "engine/alarm/force.py",
                "        answered = _with_forced_reply(alarm, event)\n",
                "        answered = _with_forced_reply(alarm, event)\n"
                "        if event.reply is ReplyKind.SAFE:\n"
                "            sign = Force.COLLEAGUE_FORCED\n"
                "            heard = forced(answered, sign, event.at)\n"
                "            return safe_from(heard, event.person, event.at)\n",
            ),
        ),
    ),
    Broken(
        "left",
        "whoever is in the roster no more is waited for by nobody",
        (
            Change(
                "engine/intake/checkins/actor.py",
                "                self._tick(person_id, person, kept, kept.timer)\n",
                "                if person is not None:\n"
                "                    self._tick(person_id, person, kept, kept.timer)\n",
            ),
        ),
    ),
    Broken(
        "unheard",
        "a device that falls silent is known to the vigil alone",
        (
            Change(
                "engine/intake/vigil/actor.py",
                "append = structs.replace(row, records=(record,))\n",
                "append = structs.replace(row, records=())\n",
            ),
        ),
    ),
    Broken(
        "once",
        "a device that was found silent and is heard again is waited for no more",
        (
            Change(
                "engine/intake/vigil/silence.py",
                "    return Watch(stage=Stage.HEARD, due=due)"
                " if due > now else watch\n",
                "    return watch\n",
            ),
        ),
    ),
    Broken(
        "same",
        "a second silence of a device is taken for its first",
        (
            Change(
                "engine/intake/vigil/silence.py",
                "    moment = 0 if watch.due is None else watch.due.ms\n",
                "    moment = 0\n",
            ),
        ),
    ),
    Broken(
        "unset",
        "a device is told at once that its press for a timer is safe",
        (
            Change(
                "engine/intake/gateway/door.py",
                "        Outcome.CHECK_IN,\n",
                "",
            ),
        ),
    ),
    Broken(
        "bare",
        "a press that names no time ends the timer that runs",
        (
            Change(
                "engine/intake/checkins/actor.py",
                "        if message.is_press and message.until is None"
                " and button is not None:\n",
                "        kept = self._kept.get(message.person)\n"
                "        is_running = kept is not None and kept.timer is not None\n"
                "        if message.is_press and not is_running"
                " and message.until is None and button is not None:\n",
            ),
        ),
    ),
    Broken(
        "unasked",
        "an order that waits is forgotten with the process",
        (
            Change(
                "engine/intake/orders/actor.py",
                "                if given is not None:\n"
                "                    self._waiting[order_id] = given\n",
                "                if given is None:\n"
                "                    self._waiting[order_id] = given\n",
            ),
        ),
    ),
    Broken(
        "unsent",
        "an order is shown as sent by SMS, and no modem is given one",
        (
            Change(
                "engine/intake/orders/actor.py",
                'self._over(given, Fact.SENT, "sms", (row,))\n',
                'self._over(given, Fact.SENT, "sms")\n',
            ),
        ),
    ),
    Broken(
        "twice",
        "a second timer of somebody that runs out is taken for the first",
        (
            Change(
                "engine/intake/checkins/missed.py",
                '    text = f"check-in|{person}|{due.ms}"\n',
                '    text = f"check-in|{person}"\n',
            ),
        ),
    ),
    Broken(
        "untimed",
        "a timer that runs out raises nothing",
        (
            Change(
                "engine/intake/checkins/actor.py",
                "            for record in absence:\n"
                "                self.link.tree.names.tell("
                '"intake", Noticed(key=record.key))\n',
                "            pass\n",
            ),
            Change(
                "engine/intake/checkins/actor.py",
                "        absence = (missed(person_id, timer.due, now),)"
                " if change.missed else ()\n",
                "        absence = ()\n",
            ),
        ),
    ),
    Broken(
        "alone",
        "HQ alone is told of what cannot be recorded",
        (
            Change(
                "engine/intake/shouter/actor.py",
                "        told = self._begin(command, record) if tells else ()\n",
                "        told = ()\n",
            ),
        ),
    ),
    Broken(
        "anew",
        "who was told from memory is told anew once there is room",
        (
            Change(
                "engine/journal/actor.py",
                "        while parts := debts.owed(store.epoch):\n",
                "        while parts := debts.owed(store.epoch)[:0]:\n",
            ),
        ),
    ),
)
