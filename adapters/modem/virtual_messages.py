"""The virtual modem's message commands (3GPP TS 27.005)."""

from collections.abc import Callable

from adapters.modem import pdu_decode
from adapters.modem.at import fields_of
from adapters.modem.at_replies import number_of
from adapters.modem.pdu import Deliver, Submit
from adapters.modem.virtual_answers import Answer, Refused, cms, error, ok
from adapters.modem.virtual_state import READ, UNREAD, State, StoredMessage

_NAMES = ("SM", "ME", "MT", "SR")
_CNMI_FIELDS = 5
_ALL = 4
_TEXT_STATUS = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")
_INVALID_INDEX, _NOT_ALLOWED, _NO_ACKNOWLEDGEMENT = 321, 302, 340

Handler = Callable[[str, str], Answer]


class MessageCommands:
    """Stores, lists, reads and deletes; the prompt of `+CMGS` is the modem's."""

    def __init__(self, state: State) -> None:
        """Take the state that commands read and change."""
        self._state = state

    def handlers(self) -> dict[str, Handler]:
        """Return the handler of each command."""
        return {
            "+CMGF": self._format,
            "+CSMS": self._service,
            "+CSCA": self._service_centre,
            "+CSMP": self._parameters,
            "+CNMI": self._indications,
            "+CPMS": self._preferred,
            "+CMGL": self._list,
            "+CMGR": self._read,
            "+CMGD": self._delete,
            "+CMGS": self._submit,
            "+CNMA": self._acknowledge,
        }

    def _format(self, form: str, arguments: str) -> Answer:
        match form:
            case "?":
                return ok(f"+CMGF: {0 if self._state.settings.pdu_mode else 1}")
            case "=?":
                return ok("+CMGF: (0,1)")
            case _:
                if arguments not in {"0", "1"}:
                    return error()
                self._state.settings.pdu_mode = arguments == "0"
                return ok()

    def _service(self, form: str, arguments: str) -> Answer:
        match form:
            case "?":
                return ok(f"+CSMS: {self._state.settings.service},1,1,1")
            case "=?":
                return ok("+CSMS: (0,1)")
            case _:
                if arguments not in {"0", "1"}:
                    return error()
                self._state.settings.service = int(arguments)
                return ok("+CSMS: 1,1,1")

    def _service_centre(self, form: str, arguments: str) -> Answer:
        if form == "?":
            return ok(f'+CSCA: "{self._state.smsc}",145')
        if form == "=":
            self._state.smsc = fields_of(f":{arguments}")[0]
        return ok()

    @staticmethod
    def _parameters(form: str, arguments: str) -> Answer:
        del arguments
        return ok("+CSMP: 17,167,0,0") if form == "?" else ok()

    def _indications(self, form: str, arguments: str) -> Answer:
        settings = self._state.settings
        match form:
            case "?":
                return ok("+CNMI: " + ",".join(map(str, settings.cnmi)))
            case "=?":
                return ok("+CNMI: (0,1,2),(0,1,2),(0,2),(0,1,2),(0,1)")
            case _:
                fields = fields_of(f":{arguments}") if arguments else ()
                values = list(settings.cnmi)
                for at, text in enumerate(fields[:_CNMI_FIELDS]):
                    if text and text not in {"0", "1", "2"}:
                        raise Refused(cms(self._state, _NOT_ALLOWED))
                    values[at] = int(text) if text else values[at]
                mode, mt, bm, ds, bfr = values
                settings.cnmi = (mode, mt, bm, ds, bfr)
                return ok()

    def _preferred(self, form: str, arguments: str) -> Answer:
        settings = self._state.settings
        match form:
            case "=?":
                listed = '("SM","ME","MT")'
                return ok(f'+CPMS: ("SM","ME","MT","SR"),{listed},{listed}')
            case "?":
                parts = [f'"{n}",{u},{t}' for n, (u, t) in self._counts()]
                return ok("+CPMS: " + ",".join(parts))
            case _:
                wanted = fields_of(f":{arguments}")
                if not wanted or any(name not in _NAMES for name in wanted):
                    raise Refused(cms(self._state, _NOT_ALLOWED))
                names = [*wanted, *settings.memories[len(wanted) :]]
                settings.memories = (names[0], names[1], names[2])
                parts = [f"{used},{total}" for _, (used, total) in self._counts()]
                return ok("+CPMS: " + ",".join(parts))

    def _counts(self) -> list[tuple[str, tuple[int, int]]]:
        names = self._state.settings.memories
        return [(name, self._state.counts(name)) for name in names]

    def _messages(self) -> dict[int, StoredMessage]:
        name = self._state.real_store(self._state.settings.memories[0])
        return self._state.stores[name]

    def _list(self, form: str, arguments: str) -> Answer:
        if form == "=?":
            return ok("+CMGL: (0-4)")
        wanted = arguments.strip('"') or "0"
        status = number_of(wanted)
        if status is None and wanted not in _TEXT_STATUS:
            return error()
        status = _TEXT_STATUS.index(wanted) if status is None else status
        lines: list[str] = []
        for index, message in sorted(self._messages().items()):
            if status in (_ALL, message.status):
                header = self._header(message)
                lines += (f"+CMGL: {index},{header}", self._body(message))
                message.status = READ if message.status == UNREAD else message.status
        return ok(*lines)

    def _read(self, form: str, arguments: str) -> Answer:
        index = number_of(arguments)
        if form != "=" or index is None:
            return ok() if form == "=?" else error()
        message = self._messages().get(index)
        if message is None:
            raise Refused(cms(self._state, _INVALID_INDEX))
        header = self._header(message)
        message.status = READ if message.status == UNREAD else message.status
        return ok(f"+CMGR: {header}", self._body(message))

    def _delete(self, form: str, arguments: str) -> Answer:
        messages = self._messages()
        if form == "=?":
            indices = ",".join(map(str, sorted(messages)))
            return ok(f"+CMGD: ({indices}),(0-4)")
        place, _, flag = arguments.partition(",")
        index = number_of(place)
        if index is None or flag not in {"", "0", "1", "2", "3", "4"}:
            return error()
        if flag in {"", "0"}:
            messages.pop(index, None)
        else:
            keep = {"1": {0, 2, 3}, "2": {0, 2}, "3": {0}, "4": set()}[flag]
            for at in [i for i, m in messages.items() if m.status not in keep]:
                del messages[at]
        return ok()

    def _submit(self, form: str, arguments: str) -> Answer:
        if form == "=?":
            return ok()
        if form != "=" or not arguments:
            return error()
        length = arguments.split(",", maxsplit=1)[0].strip('"')
        if self._state.settings.pdu_mode and not length.isdecimal():
            raise Refused(cms(self._state, 304))
        return Answer(submits=length)

    def _acknowledge(self, form: str, arguments: str) -> Answer:
        del arguments
        if form == "=?":
            return ok("+CNMA: (0,1,2)")
        if self._state.unacknowledged <= 0:
            raise Refused(cms(self._state, _NO_ACKNOWLEDGEMENT))
        self._state.unacknowledged -= 1
        return ok()

    def _header(self, message: StoredMessage) -> str:
        if self._state.settings.pdu_mode:
            return f"{message.status},,{message.length}"
        pdu = pdu_decode.decode_stored(message.pdu)
        match pdu:
            case Deliver():
                stamp = pdu.sent_at.strftime("%y/%m/%d,%H:%M:%S") if pdu.sent_at else ""
                who = pdu.sender.text
            case Submit():
                stamp, who = "", pdu.recipient.text
            case _:
                stamp, who = "", ""
        return f'"{_TEXT_STATUS[message.status]}","{who}",,"{stamp}+00"'

    def _body(self, message: StoredMessage) -> str:
        if self._state.settings.pdu_mode:
            return message.pdu
        pdu = pdu_decode.decode_stored(message.pdu)
        if isinstance(pdu, Deliver | Submit):
            return pdu.user_data.text.replace("\r", " ").replace("\n", " ")
        return message.pdu
