"""What each word of a plan does to the day."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from engine.alarm.force import seems_over
from engine.alarm.state import Kind
from engine.values import DeviceId
from tests.simulation.buttons import BUTTONS
from tests.simulation.cast import AGREED, DURESS_WORD, SAFE_WORD
from tests.simulation.changes import ROSTERS, change_file, import_roster
from tests.simulation.colleagues import COLLEAGUES
from tests.simulation.devices import devices
from tests.simulation.disk import write_as_old_owner
from tests.simulation.modem import SUBMIT_FAULTS
from tests.simulation.officers import OFFICERS
from tests.simulation.orders import ORDERS
from tests.simulation.people import OPERATORS
from tests.simulation.plan import Item
from tests.simulation.pressed_again import PRESSED_AGAIN
from tests.simulation.silences import SILENCES
from tests.simulation.timers import TIMERS

if TYPE_CHECKING:
    from tests.simulation.day import Day

LOOKS, LOOK_S = 30, 200.0
Act = Callable[["Day", Item], None]


def _kill(day: "Day", item: Item) -> None:
    del item
    day.struck("kill")
    day.host.life.doomed = True


def _loop(day: "Day", item: Item) -> None:
    for _ in range(item.n):
        day.struck("loop")
        day.kills_wanted += 1
        day.host.life.doomed = True
        day.world.sleep(2.0)


def _stop(day: "Day", item: Item) -> None:
    del item
    day.struck("stop")
    day.stop_wanted = True


def _suspend(day: "Day", item: Item) -> None:
    day.struck(item.what)
    # Behind the last fault everything must come right again.
    day.world.suspend(min(item.s, max(0.0, day.faults_end_s - day.world.boottime_s())))


def _at_commit(day: "Day", item: Item) -> None:
    day.disk.crash_in = (item.n, item.what.removeprefix("commit_"))


def _at_contact(day: "Day", item: Item) -> None:
    day.crash_at_contact = (item.n, item.what.removeprefix("contact_"))


def _read_error(day: "Day", item: Item) -> None:
    day.disk.read_errors = item.n


def _fails(day: "Day", item: Item) -> None:
    """An actor ends by what it does not understand."""
    for name in _children(day, item.who):
        if day.host.names.tell(name, "what nobody understands"):
            day.struck("fails")


def _exhausted(day: "Day", item: Item) -> None:
    """An actor ends amid its work, by what may be raised anywhere."""
    when = item.what.removeprefix("fails_")
    for name in _children(day, item.who):
        day.host.life.exhausts[name] = (when, partial(day.struck, item.what))


def _children(day: "Day", who: str) -> list[str]:
    """Return whom a plan means; `alarm` is whichever is awake."""
    if who != "alarm":
        return [who]
    depths = day.host.names.depths()
    return sorted(name for name in depths if name.startswith("alarm/"))[:1]


def _fail_disk(day: "Day", item: Item) -> None:
    day.disk.failing = item.what


def _full(day: "Day", item: Item) -> None:
    lasts_s = item.s if day.is_safety else min(item.s, 60.0)
    day.disk.full_until_s = day.world.boottime_s() + lasts_s
    day.world.sleep(lasts_s)


def _unread(day: "Day", item: Item) -> None:
    """A page of the newest events cannot be read for a while: each write is refused."""
    lasts_s = item.s if day.is_safety else min(item.s, 60.0)
    day.disk.unread_until_s = day.world.boottime_s() + lasts_s
    day.world.sleep(lasts_s)


def _scarce(day: "Day", item: Item) -> None:
    lasts_s = item.s if day.is_safety else min(item.s, 60.0)
    day.disk.scarce_until_s = day.world.boottime_s() + lasts_s
    day.world.sleep(lasts_s)


def _slow(day: "Day", item: Item) -> None:
    lasts_s = item.s if day.is_safety else min(item.s, 120.0)
    day.disk.slow_until_s = day.world.boottime_s() + lasts_s


def _old_owner(day: "Day", item: Item) -> None:
    del item
    store, clock = day.host.store, day.host.clock
    if store is not None and clock is not None and not day.host.life.dead:
        day.struck("old_owner")
        if write_as_old_owner(store, clock.now()):
            day.watching.found("I6", "an owner that was replaced could write")


def _next_fault(day: "Day", item: Item) -> None:
    times = 1 if item.what in {"hang", "late_answer"} else min(item.n, 3)
    network = day.network
    server = network.servers.get(item.who)
    if server is None:
        network.hardware[item.who].next_faults.extend([item.what] * times)
    else:
        server.next_faults.extend([item.what] * times)


def _gone(day: "Day", item: Item) -> None:
    day.struck("gone")
    day.network.unplug(day.network.hardware[item.who], item.s)


def _all_gone(day: "Day", item: Item) -> None:
    day.struck("all_gone")
    for hardware in day.network.hardware.values():
        day.network.unplug(hardware, item.s)


def _no_call(day: "Day", item: Item) -> None:
    hardware = day.network.hardware[item.who]
    hardware.no_call_until_s = day.world.boottime_s() + item.s


def _keeps_message(day: "Day", item: Item) -> None:
    day.network.hardware[item.who].keeps_messages = item.n


def _store_hangs(day: "Day", item: Item) -> None:
    hardware = day.network.hardware[item.who]
    hardware.store_hangs_until_s = day.world.boottime_s() + item.s


def _arrives_twice(day: "Day", item: Item) -> None:
    day.network.twice += item.n


def _answer_lost(day: "Day", item: Item) -> None:
    """A press is heard, and the line is down by the time that its device is told so."""
    day.devices.unheard[devices()[item.who][1]] += min(item.n, 3)
    day.devices.press(Item(item.at_s, "input", "sos", item.who))


def _down(day: "Day", item: Item) -> None:
    server = day.network.servers[item.who]
    server.down_until_s = day.world.boottime_s() + item.s
    day.world.sleep(item.s + 0.001)


def _wall(day: "Day", item: Item) -> None:
    day.struck(item.what)
    hours = {"hour_ahead": 1, "hour_back": -1, "week_back": -7 * 24}[item.what]
    day.world.wall_offset_ms += hours * 3_600_000
    if item.n % 2:  # the clock counts from the next start on
        day.host.life.doomed = True


def _flood(day: "Day", item: Item) -> None:
    day.struck("flood")
    for number in range(item.n):
        stranger = Item(item.at_s, "input", "stranger", item.who, number)
        day.devices.send(day.devices.report(stranger))
        day.world.sleep(item.s / item.n)


def _signal(day: "Day", item: Item) -> None:
    day.struck(item.what)
    what = "cancel" if item.what == "cancel" else "sos"
    day.devices.press(Item(item.at_s, "input", what, item.who))


def _walks(day: "Day", item: Item) -> None:
    """The device says by itself where it is, and is elsewhere each time."""
    day.struck("walks")
    for _ in range(item.n):
        day.devices.send(day.devices.report(item))
        day.world.sleep(90.0)


def _replayed(day: "Day", item: Item) -> None:
    day.struck("replayed")
    day.devices.replay(item.who)


def _words(day: "Day", item: Item) -> None:
    day.struck(item.what)
    texts = {"words": "who is this", "wrong_code": "Z9Z9 1"}
    number = "+46701740615" if item.n % 2 else "+15005550006"
    day.people.reply_from(number, texts[item.what], 0.0)


def _spoofed(day: "Day", item: Item) -> None:
    """Somebody else answers with a code that they have seen."""
    del item
    codes = sorted(day.disk.medium.codes)
    if codes:
        day.struck("spoofed")
        day.people.reply_from("+15005550006", f"{codes[-1]} 1", 0.0)


def _word(day: "Day", item: Item) -> None:
    day.struck(item.what)
    day.people.say(SAFE_WORD if item.what == "safe_word" else DURESS_WORD)


def _code(day: "Day", item: Item) -> None:
    day.struck(item.what)
    day.devices.press(Item(item.at_s, "input", item.what, AGREED))


def _press_after_end(day: "Day", item: Item) -> None:
    """Say the word of force, and press once the case looks over to the defender."""
    day.struck(item.what)
    day.people.say(DURESS_WORD)
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        cases = list(day.watching.alarms.values())
        if any(one.defender == AGREED and seems_over(one) for one in cases):
            day.devices.press(Item(item.at_s, "input", "sos", AGREED))
            return


def _nobody(day: "Day", item: Item) -> None:
    day.struck("nobody")
    day.people.asleep_until_s = day.world.boottime_s() + item.s


def _needs_help(day: "Day", item: Item) -> None:
    del item
    day.people.next_needs_help = True


def _taken_off(day: "Day", item: Item) -> None:
    """Nobody hears of one operator any more, whatever they have taken; others stay."""
    operator = OPERATORS[item.n % len(OPERATORS)]
    # The rota may have become theirs alone: then nobody would be left to page.
    if not day.people.gone and set(day.host.roster.rota.duty) - {operator}:
        day.struck("taken_off")
        day.people.gone.add(operator)


def _drill(day: "Day", item: Item) -> None:
    """HQ has somebody try out their device: its next press is an exercise."""
    clock, judge = day.host.clock, day.host.judge
    if clock is None or judge is None or day.host.life.dead:
        return
    judge.drills.arm(DeviceId(devices()[item.who][1]), clock.now())
    day.devices.press(Item(item.at_s, "input", "sos", item.who))
    day.world.sleep(60.0)
    if any(one.kind is Kind.EXERCISE for one in day.watching.alarms.values()):
        day.struck("drill")


def _after_close(day: "Day", item: Item) -> None:
    day.struck("after_close")
    day.world.sleep(3_000)
    day.devices.press(Item(item.at_s, "input", "sos", item.who))


ACTS: dict[str, Act] = {
    "kill": _kill,
    "loop": _loop,
    "stop": _stop,
    "pause": _suspend,
    "suspend": _suspend,
    "commit_before": _at_commit,
    "commit_after": _at_commit,
    "contact_before": _at_contact,
    "contact_after": _at_contact,
    "read_error": _read_error,
    "fails": _fails,
    "fails_after": _exhausted,
    "fails_within": _exhausted,
    "eio": _fail_disk,
    "unanswered": _fail_disk,
    "full": _full,
    "scarce": _scarce,
    "unread": _unread,
    "slow": _slow,
    "old_owner": _old_owner,
    "gone": _gone,
    "all_gone": _all_gone,
    "no_call": _no_call,
    "keeps_message": _keeps_message,
    "store_hangs": _store_hangs,
    "arrives_twice": _arrives_twice,
    "answer_lost": _answer_lost,
    "down": _down,
    "hang_sent": _next_fault,
    "hang_lost": _next_fault,
    "hour_ahead": _wall,
    "hour_back": _wall,
    "week_back": _wall,
    "flood": _flood,
    "cancel": _signal,
    "again": _signal,
    "walks": _walks,
    "replayed": _replayed,
    "words": _words,
    "wrong_code": _words,
    "spoofed": _spoofed,
    "nobody": _nobody,
    "duress_word": _word,
    "safe_word": _word,
    "duress_code": _code,
    "safe_code": _code,
    "press_after_end": _press_after_end,
    "after_close": _after_close,
    "needs_help": _needs_help,
    "taken_off": _taken_off,
    "drill": _drill,
    **dict.fromkeys(SUBMIT_FAULTS, _next_fault),
    **dict.fromkeys(ROSTERS, import_roster),
    "rewritten": change_file,
    "taken_away": change_file,
    **TIMERS,
    **SILENCES,
    **COLLEAGUES,
    **OFFICERS,
    **PRESSED_AGAIN,
    **BUTTONS,
    **ORDERS,
}
