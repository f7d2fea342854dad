"""The transfer protocol's data units as values (3GPP TS 23.040, 9.2.2).

`first_octet` and `indicator` (TP-PI) are kept as received, for whoever wants to know
what was sent, and are no part of what a unit is: an encoder makes them from the rest.
"""

from dataclasses import dataclass, field
from datetime import datetime

from adapters.modem.pdu_fields import Address, Flag
from adapters.modem.pdu_text import UserData
from adapters.modem.pdu_validity import Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """SMS-SUBMIT: from us to the service centre (9.2.2.2).

    `validity` is how long, or until when, the service centre keeps trying; None
    leaves it to the network. `dcs` is the coding scheme as sent.
    """

    recipient: Address
    user_data: UserData
    dcs: int = 0
    reference: int = 0
    protocol_id: int = 0
    validity: Validity = None
    status_report_request: bool = False
    reject_duplicates: bool = False
    reply_path: bool = False
    smsc: Address | None = None
    flags: tuple[Flag, ...] = ()
    first_octet: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """SMS-DELIVER: from the service centre to us (9.2.2.1)."""

    sender: Address
    user_data: UserData
    sent_at: datetime | None = None
    dcs: int = 0
    protocol_id: int = 0
    more_messages: bool = False
    status_report_indication: bool = False
    reply_path: bool = False
    smsc: Address | None = None
    flags: tuple[Flag, ...] = ()
    first_octet: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """SMS-STATUS-REPORT: what became of a SUBMIT (9.2.2.3).

    `reference` is the TP-MR that the modem told in `+CMGS`.
    """

    reference: int
    recipient: Address
    sent_at: datetime | None
    discharged_at: datetime | None
    status: int
    for_command: bool = False
    more_messages: bool = False
    protocol_id: int | None = None
    dcs: int | None = None
    user_data: UserData = field(default_factory=UserData)
    smsc: Address | None = None
    flags: tuple[Flag, ...] = ()
    first_octet: int = field(default=0, compare=False)
    indicator: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitReport:
    """SMS-SUBMIT-REPORT: the service centre's answer to a SUBMIT (9.2.2.2a).

    `failure_cause` is None in the positive one.
    """

    failure_cause: int | None
    sent_at: datetime | None
    protocol_id: int | None = None
    dcs: int | None = None
    user_data: UserData = field(default_factory=UserData)
    smsc: Address | None = None
    flags: tuple[Flag, ...] = ()
    first_octet: int = field(default=0, compare=False)
    indicator: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverReport:
    """SMS-DELIVER-REPORT: our answer to a DELIVER (9.2.2.1a)."""

    failure_cause: int | None
    protocol_id: int | None = None
    dcs: int | None = None
    user_data: UserData = field(default_factory=UserData)
    smsc: Address | None = None
    flags: tuple[Flag, ...] = ()
    first_octet: int = field(default=0, compare=False)
    indicator: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """SMS-COMMAND: an order about an earlier SUBMIT (9.2.2.4)."""

    reference: int
    protocol_id: int
    command_type: int
    message_number: int
    recipient: Address
    data: bytes = b""
    status_report_request: bool = False
    smsc: Address | None = None
    flags: tuple[Flag, ...] = ()
    first_octet: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """Octets that are no TPDU, or hex that is none; the flags say why."""

    raw: str
    flags: tuple[Flag, ...]


Tpdu = (
    Submit
    | Deliver
    | StatusReport
    | SubmitReport
    | DeliverReport
    | Command
    | Undecodable
)
