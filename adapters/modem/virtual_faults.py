"""The virtual modem's fault switches, each one seen in a real modem.

Rates are not random: a rate of 0.25 strikes every fourth time, so that a run can
be repeated. A switch is set by name and text, from code, script or console.
"""

import re
from dataclasses import dataclass, field, fields


@dataclass(slots=True)
class Faults:
    """Switches of one virtual modem; all off.

    Attributes:
        latency_s: how long the network takes to answer a submit.
        command_s: how long every command takes.
        drop_cmgs: rate at which `+CMGS` and OK are never said, though sent.
        drop_ok: rate at which OK is lost after the information lines.
        late_cmgs_s: added to the answer of a submit at the rate `late`.
        late: see above.
        owed_cmgs_s: the same at the rate `owed`, but commands are taken meanwhile.
        owed: see above.
        hang: nothing is answered at all.
        storage_full: no store takes another message; `^SMMEMFULL` is said.
        lost_cmti: rate at which an arrival is stored and not announced.
        cdsi_wrong_store: reports lie in SR and are announced in SM, index 0.
        cms: code that a submit is refused with, at the rate `cms_rate`.
        cms_rate: see above.
        creg: registration state, 1 home; 0, 2, 3, 4 cannot send.
        echo: echo although told not to.
        cr_only: lines end in CR alone, the prompt is closed by one (Android's RIL).
        flood_s: seconds between two vendor URCs, 0 for none.
        urc_inside: a URC before the final result of every command.
        duplicate: rate at which a message is delivered twice.
        shuffle: what arrives within 0.2 s, as parts do, comes back to front.
        no_credit: every submit is refused with 38 after `latency_s`.
        garbage: rate at which bytes of noise stand before an answer.
        no_prompt: rate at which `+CMGS` gets no prompt.
        no_report: rate at which a status report never comes.
        sim_busy_s: how long the SIM is busy after PIN and start.

    """

    latency_s: float = 0.0
    command_s: float = 0.0
    drop_cmgs: float = 0.0
    drop_ok: float = 0.0
    late_cmgs_s: float = 0.0
    late: float = 1.0
    owed_cmgs_s: float = 0.0
    owed: float = 1.0
    hang: bool = False
    storage_full: bool = False
    lost_cmti: float = 0.0
    cdsi_wrong_store: bool = False
    cms: int = 500
    cms_rate: float = 0.0
    creg: int = 1
    echo: bool = False
    cr_only: bool = False
    flood_s: float = 0.0
    urc_inside: bool = False
    duplicate: float = 0.0
    shuffle: bool = False
    no_credit: bool = False
    garbage: float = 0.0
    no_prompt: float = 0.0
    no_report: float = 0.0
    sim_busy_s: float = 0.0
    _debts: dict[str, float] = field(default_factory=dict, repr=False)

    @property
    def refusal(self) -> int:
        """Return the code that a submit is refused with, where it is."""
        return _OUT_OF_ORDER if self.no_credit else self.cms

    def strikes(self, name: str) -> bool:
        """Return whether the fault of this rate strikes now."""
        debt = self._debts.get(name, 0.0) + float(getattr(self, name))
        strikes = debt >= 1.0
        self._debts[name] = debt - 1.0 if strikes else debt
        return strikes

    def set(self, name: str, text: str) -> None:
        """Set a switch from text: `on`, `off`, or a number.

        Raises:
            ValueError: there is no such switch, or it takes no such value.

        """
        if name not in switch_names():
            message = f"no switch {name!r}; there are: {', '.join(switch_names())}"
            raise ValueError(message)
        match getattr(self, name):
            case bool():
                if text not in _SWITCH:
                    message = f"{name} is on or off"
                    raise ValueError(message)
                setattr(self, name, _SWITCH[text])
            case int():
                if not _CODE.fullmatch(text):
                    message = f"{name} is a whole number from 0"
                    raise ValueError(message)
                setattr(self, name, int(text))
            case _:
                is_time = name.endswith("_s")
                value = _number(_AS_NUMBER.get(text, text))
                if not 0 <= value <= (_SECONDS_MAX if is_time else 1):
                    most = "seconds, a number from 0" if is_time else "a rate, 0 to 1"
                    message = f"{name} is {most}"
                    raise ValueError(message)
                setattr(self, name, value)


_OUT_OF_ORDER = 38
_CODE = re.compile(r"[0-9]{1,5}")
_SECONDS_MAX = 1e6
_SWITCH = {"on": True, "off": False}
_AS_NUMBER = {"on": "1", "off": "0"}


def _number(text: str) -> float:
    """Return a number, one that fits nowhere where the text is none."""
    try:
        return float(text)
    except ValueError:
        return -1.0


def switch_names() -> tuple[str, ...]:
    """Return the switches' names."""
    return tuple(f.name for f in fields(Faults) if not f.name.startswith("_"))
