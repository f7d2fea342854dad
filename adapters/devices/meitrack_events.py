"""Event numbers of `meitrack`: inputs, alarms, and what happens on the way."""

from engine.values import Signal

EVENTS: dict[int, tuple[Signal, ...]] = {
    1: (Signal.SOS,),
    17: (Signal.LOW_BATTERY,),
    18: (Signal.LOW_BATTERY,),
    19: (Signal.OVERSPEED,),
    20: (Signal.GEOFENCE,),
    21: (Signal.GEOFENCE,),
    22: (Signal.POWER_RESTORED,),
    23: (Signal.POWER_CUT,),
    28: (Signal.FAULT,),  # GPS antenna cut
    36: (Signal.MOVEMENT,),  # towed
    40: (Signal.POWER_OFF,),
    44: (Signal.JAMMED,),
    **dict.fromkeys(range(50, 55), (Signal.VEHICLE,)),  # temperature, tank
    65: (Signal.SOS,),  # the SOS key, pressed to call
    78: (Signal.ACCIDENT,),
    79: (Signal.FALL,),
    81: (Signal.REMOVED,),  # dropped off; 80 is put on
    90: (Signal.HARSH_DRIVING,),
    91: (Signal.HARSH_DRIVING,),
    129: (Signal.HARSH_DRIVING,),
    130: (Signal.HARSH_DRIVING,),
    135: (Signal.HARSH_DRIVING,),
}
# Other inputs, GPS lost and found, sleep, start, headings, distances, intervals.
EVENTS |= dict.fromkeys((*range(2, 17), *range(24, 28), 29, *range(31, 36)), ())
EVENTS |= dict.fromkeys((37, 38, 39, 41, 42, 80, 655), ())
# Idle, rested after hours of driving, due for maintenance, ignition.
EVENTS |= dict.fromkeys((133, 134, 136, 139, 144, 145), ())
# Armed and disarmed, jamming that is over, calls that were made to the device.
EVENTS |= dict.fromkeys((56, 57, 63, *range(70, 74)), ())
