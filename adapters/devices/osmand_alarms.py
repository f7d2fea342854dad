"""Alarm words of `osmand`: any text may stand there; the app itself sends `sos`.

Letters and digits only, in lower case; the words are those of the Traccar server.
A word that is not listed is an unknown signal and still reaches HQ.
"""

from engine.values import Signal

ALARM_WORDS = {
    "sos": (Signal.SOS,),
    "help": (Signal.SOS,),
    "panic": (Signal.SOS,),
    "emergency": (Signal.SOS,),
    "removing": (Signal.REMOVED,),
    "removed": (Signal.REMOVED,),
    "tampering": (Signal.TAMPERED,),
    "fall": (Signal.FALL,),
    "falldown": (Signal.FALL,),
    "lowbattery": (Signal.LOW_BATTERY,),
    "lowpower": (Signal.LOW_BATTERY,),
    "poweroff": (Signal.POWER_OFF,),
    "poweron": (Signal.POWER_ON,),
    "powercut": (Signal.POWER_CUT,),
    "powerrestored": (Signal.POWER_RESTORED,),
    "jamming": (Signal.JAMMED,),
    "checkin": (Signal.CHECK_IN,),
    "cancel": (Signal.CANCEL,),
    "test": (Signal.TEST,),
    "button": (Signal.BUTTON,),
    "vibration": (Signal.VIBRATION,),
    "movement": (Signal.MOVEMENT,),
    "overspeed": (Signal.OVERSPEED,),
    "hardbraking": (Signal.HARSH_DRIVING,),
    "hardacceleration": (Signal.HARSH_DRIVING,),
    "hardcornering": (Signal.HARSH_DRIVING,),
    "accident": (Signal.ACCIDENT,),
    "geofence": (Signal.GEOFENCE,),
    "geofenceenter": (Signal.GEOFENCE,),
    "geofenceexit": (Signal.GEOFENCE,),
    "fault": (Signal.FAULT,),
    "gpsantennacut": (Signal.FAULT,),
    "tow": (Signal.MOVEMENT,),
    "fatiguedriving": (Signal.HARSH_DRIVING,),
    "lanechange": (Signal.HARSH_DRIVING,),
    **dict.fromkeys(
        (
            *("door", "lock", "unlock", "bonnet", "footbrake", "fuelleak"),
            *("temperature", "idle", "parking", "highrpm", "lowspeed"),
        ),
        (Signal.VEHICLE,),
    ),
}
