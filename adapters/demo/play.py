"""What a person can do with the demo once its story is told."""

from collections.abc import Callable
from itertools import count

from adapters.demo.press import PHONE, UnansweredError, press
from adapters.demo.stage import RungNumber, SentSms, Stage
from engine.values import DeviceId

HELP = """\
  Enter            Heron presses the button again
  lapwing X93Y 1   Lapwing answers 1 with the code of their SMS; so may anybody
  lapwing X93Y 6   Lapwing says that Heron is safe: one of two voices that end it\
"""


class Play:
    """Presses and writes as asked; tells what then reaches the far ends."""

    def __init__(self, stage: Stage, tell: Callable[[str], None]) -> None:
        """Take the stage after its story; `tell` gets lines from many threads."""
        self._stage, self._tell = stage, tell
        self._serial = count(100)
        self._people = stage.numbers()

    def begin(self) -> None:
        """Tell from now on what reaches telephones, mailboxes and the world."""
        stage = self._stage
        stage.messages.listen(self._sms)
        stage.calls.listen(self._rang)
        stage.mail.mails.listen(lambda _: self._tell("e-mail to HQ"))
        stage.hook.hooks.listen(lambda _: self._tell("signed webhook to HQ"))
        stage.mastodon.posts.listen(
            lambda post: self._tell(f"the world reads: {post.text}")
        )

    def url(self) -> str:
        """Return the address at which the telephone's app of another one presses."""
        host, port = self._stage.ports.devices["osmand"]
        return f"http://{host}:{port}/?id={DeviceId(PHONE)}&alarm=sos"

    def line(self, line: str) -> None:
        """Do what somebody has typed: nothing is a press, else who writes what."""
        who, _, text = line.strip().partition(" ")
        if not who:
            self._press()
            return
        number = self._number(who)
        if number is None or not text.strip():
            self._tell(f"? Enter, or WHO TEXT, such as: lapwing X93Y 1 (not: {who})")
            return
        self._stage.modems[0].inject(number, text.strip())
        self._tell(f"{self._alias(number)} writes: {text.strip()}")

    def _press(self) -> None:
        try:
            press(self._stage, self._serial)
        except (OSError, UnansweredError) as error:
            self._tell(f"not acknowledged: {error}")
            return
        self._tell("Heron presses: acknowledged, it is on disk")

    def _number(self, who: str) -> str | None:
        """Return somebody's number by their id, which is their alias in small."""
        numbers = {person: number for number, person in self._people.items()}
        return numbers.get(who.casefold())

    def _alias(self, number: str) -> str:
        person = self._people.get(number)
        return number if person is None else str(self._stage.person(person)["alias"])

    def _sms(self, sms: SentSms) -> None:
        self._tell(f"SMS to {self._alias(sms.number)}: {sms.text}")

    def _rang(self, call: RungNumber) -> None:
        self._tell(f"the telephone of {self._alias(call.number)} rings")
