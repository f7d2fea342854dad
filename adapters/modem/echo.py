"""Whether the echo of a command says that a modem has started anew without a word."""

from dataclasses import dataclass


@dataclass(slots=True)
class Echo:
    """What has come back of our commands since echo was switched off.

    Where a modem is mute, a command that comes back is of one that has started anew,
    and forgot its settings. Whose habit it is would be brought up at each message, and
    send none: who was brought up for it is not mute until it takes one without.
    """

    was_heard: bool = False
    is_mute: bool = False
    is_doubted: bool = False

    def comes(self) -> bool:
        """Note an echo; say whether it means a start."""
        self.was_heard = True
        self.is_doubted |= self.is_mute
        return self.is_mute

    def is_brought_up(self) -> None:
        """Take a modem for mute of which nothing has come back."""
        self.is_mute = not (self.was_heard or self.is_doubted)

    def hands_over(self) -> None:
        """Take it for mute again where it gave a prompt, and nothing came back."""
        if self.is_doubted and not self.was_heard:
            self.is_doubted, self.is_mute = False, True
