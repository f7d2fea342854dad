"""What a virtual modem remembers: its SIM, its stores, its settings."""

from dataclasses import dataclass, field

from adapters.modem.virtual_faults import Faults

UNREAD, READ, STORED_UNSENT, STORED_SENT = 0, 1, 2, 3
SIZES = {"SM": 30, "ME": 100, "SR": 20}
FIRST_INDEX = {"SM": 1, "ME": 0, "SR": 0}
_PIN_TRIES = 3
PUK = "12345678"
"""What takes a new PIN where three were wrong."""


@dataclass(slots=True)
class StoredMessage:
    """One message in a store: its status and its PDU."""

    status: int
    pdu: str
    length: int


@dataclass(slots=True)
class Settings:
    """What commands set and a restart forgets."""

    echo: bool = True
    quiet: bool = False
    verbose: bool = True
    cmee: int = 0
    pdu_mode: bool = True
    charset: str = "IRA"
    cnmi: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    service: int = 0
    memories: tuple[str, str, str] = ("SM", "SM", "SM")
    registration_modes: dict[str, int] = field(default_factory=dict)
    operator_format: int = 0
    radio: int = 1
    clip: int = 0


@dataclass(slots=True)
class State:
    """One virtual modem with its SIM."""

    number: str
    imei: str
    imsi: str
    iccid: str
    pin: str = ""
    puk: str = PUK
    smsc: str = "+46700000000"
    faults: Faults = field(default_factory=Faults)
    settings: Settings = field(default_factory=Settings)
    stores: dict[str, dict[int, StoredMessage]] = field(
        default_factory=lambda: {"SM": {}, "ME": {}, "SR": {}}
    )
    unlocked: bool = False
    pin_tries_left: int = _PIN_TRIES
    busy_until_s: float = 0.0
    reference: int = 0
    unacknowledged: int = 0
    call: str = ""
    call_state: int = 3

    @property
    def lock(self) -> str:
        """Return what `+CPIN?` says."""
        if self.pin_tries_left <= 0:
            return "SIM PUK"
        return "READY" if self.unlocked or not self.pin else "SIM PIN"

    @property
    def registration(self) -> int:
        """Return what `+CREG?` says: a SIM that is locked is in no network."""
        return self.faults.creg if self.lock == "READY" else 0

    @property
    def can_send(self) -> bool:
        """Return whether the network would take a message."""
        return self.registration in {1, 5, 6, 7} and self.settings.radio == 1

    def next_reference(self) -> int:
        """Return the next TP-MR; it wraps at 256."""
        self.reference = (self.reference + 1) % 256
        return self.reference

    def store(self, name: str, status: int, pdu: str, length: int) -> int | None:
        """Put a message into a store; its index, None where the store is full."""
        name = self.real_store(name)
        messages = self.stores[name]
        if self.faults.storage_full or len(messages) >= SIZES[name]:
            return None
        index = FIRST_INDEX[name]
        while index in messages:
            index += 1
        messages[index] = StoredMessage(status=status, pdu=pdu, length=length)
        return index

    @staticmethod
    def real_store(name: str) -> str:
        """Return the store behind a name: MT is both, and puts into ME."""
        return "ME" if name == "MT" else name

    def counts(self, name: str) -> tuple[int, int]:
        """Return used and total places of a store."""
        name = self.real_store(name)
        used = SIZES[name] if self.faults.storage_full else len(self.stores[name])
        return used, SIZES[name]

    def want_pin(self, pin: str) -> None:
        """Have the SIM want this PIN from now on; "": none any more."""
        self.pin, self.unlocked, self.pin_tries_left = pin, False, _PIN_TRIES

    def want_puk(self) -> None:
        """Have the SIM want its PUK, as after three wrong PINs."""
        self.unlocked, self.pin_tries_left = False, 0

    def restart(self) -> None:
        """Forget what a power cycle forgets."""
        self.settings = Settings()
        self.unlocked = False
        self.unacknowledged = 0
        self.call = ""
