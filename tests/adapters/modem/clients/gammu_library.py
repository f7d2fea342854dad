"""A python-gammu session of its own: the library cannot be given a time limit."""

import sys
from pathlib import Path

import gammu

CYRILLIC = "Тревога: Цапля"
LONG = "This alarm has more to say than one message holds. " * 5


def main(device: str, number: str) -> None:
    machine = gammu.StateMachine()
    machine.ReadConfig(Filename=str(_configured(device)))
    machine.Init()
    heard: list[dict[str, object]] = []
    machine.SetIncomingCallback(lambda _machine, _kind, data: heard.append(data))
    machine.SetIncomingSMS(Enable=True)
    print("imei", machine.GetIMEI())
    base = {"SMSC": {"Location": 1}, "Number": number}
    reference = machine.SendSMS({**base, "Text": "short", "Type": "Status_Report"})
    print("reference", reference)
    while not heard:  # whoever runs this limits its time
        machine.ReadDevice(Wait=True)
    report = heard[0]
    print("report", report["Type"], report["MessageReference"], report["Text"])
    machine.SetIncomingSMS(Enable=False)
    for text, unicode in ((CYRILLIC, True), (LONG, False)):
        info = {
            "Class": -1,
            "Unicode": unicode,
            "Entries": [{"ID": "ConcatenatedTextLong", "Buffer": text}],
        }
        for part in gammu.EncodeSMS(info):
            machine.SendSMS({**part, **base})
    parts = machine.GetNextSMS(Start=True, Folder=0)
    left = machine.GetSMSStatus()["SIMUsed"] + machine.GetSMSStatus()["PhoneUsed"]
    read = [parts]
    while len(read) < left:
        read.append(machine.GetNextSMS(Location=read[-1][0]["Location"], Folder=0))
    for message in gammu.LinkSMS(read):
        decoded = gammu.DecodeSMS(message)
        texts = [one["Buffer"] for one in decoded["Entries"]] if decoded else []
        print("read", message[0]["Number"], "".join(texts) or message[0]["Text"])
    machine.Terminate()


def _configured(device: str) -> Path:
    """Write a configuration: without `atgen_setcnmi` gammu asks for no reports."""
    path = Path(sys.argv[3]) / "library.rc"
    path.write_text(
        f"[gammu]\ndevice = {device}\nconnection = at115200\n"
        "synchronizetime = no\natgen_setcnmi = 2,1,0,1,0\n"
    )
    return path


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
