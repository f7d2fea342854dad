"""A python-gammu session of its own: the library cannot be given a time limit."""

import sys

import gammu

CYRILLIC = "Тревога: Цапля"
LONG = "This alarm has more to say than one message holds. " * 5


def main(device: str, number: str) -> None:
    machine = gammu.StateMachine()
    machine.SetConfig(0, {"Device": device, "Connection": "at115200"})
    machine.Init()
    print("imei", machine.GetIMEI())
    base = {"SMSC": {"Location": 1}, "Number": number}
    reference = machine.SendSMS({**base, "Text": "short", "Type": "Status_Report"})
    print("reference", reference)
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


if __name__ == "__main__":
    main(*sys.argv[1:])
