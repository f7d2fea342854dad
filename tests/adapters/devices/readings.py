"""Every attribute that the source of the vectors asserts: compared, or named as not.

What is compared stands in `KEPT` under the source's name, `#` for a number in it; what
is not is named, one wire protocol and one name a row, with its reason, in the table
"Attributes that are not kept" of `docs/devices.md`. A name in neither fails.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from engine.ports.device import DeviceReport
from tests.adapters.devices import compare as by

PAGE = Path(__file__).parents[3] / "docs" / "devices.md"

KEPT: Mapping[str, by.Compare] = {
    # The device and its supply.
    "batteryLevel": by.battery,
    "archive": by.buffered,
    "battery": by.number("battery_v"),
    "batteryCurrent": by.number("battery_a"),
    "power": by.number("external_v"),
    "power2": by.number("external2_v"),
    "charge": by.flag("charging"),
    "iccid": by.text("iccid"),
    "number": by.text("number"),
    "phone#": by.text("number#"),
    "operator": by.text("operator"),
    "priority": by.text("priority"),
    "timezone": by.text("timezone"),
    "versionFw": by.text("firmware"),
    "serial": by.text("serial"),
    "runtime": by.number("runtime_s"),
    "mode": by.number("mode"),
    "type": by.text("type"),
    "event": by.text("event"),
    "eventData": by.text("event_data"),
    "eventFiles": by.text("files"),
    "image": by.text("files"),
    "alarmType": by.number("alarm_type"),
    "alarmLabel": by.text("alarm_label"),
    "warningType": by.number("warning"),
    "result": by.text("said"),
    "status": by.word,
    "rssi": by.number("gsm"),
    # The place, and how it moves.
    "sat": by.number("satellites"),
    "satVisible": by.number("satellites_in_view"),
    "hdop": by.number("hdop"),
    "pdop": by.number("pdop"),
    "vdop": by.number("vdop"),
    "odometer": by.number("odometer_m"),
    "tripOdometer": by.number("trip_m"),
    "motion": by.flag("moving"),
    "geofence": by.number("fence"),
    "axisX": by.number("axis_x"),
    "axisY": by.number("axis_y"),
    "axisZ": by.number("axis_z"),
    "gSensor": by.text("acceleration"),
    "tilt": by.text("tilt"),
    # The wearer.
    "steps": by.number("steps"),
    "turnovers": by.number("turnovers"),
    "heartRate": by.number("heart_rate_bpm"),
    "pressureSystolic": by.number("systolic_mmhg"),
    "pressureDiastolic": by.number("diastolic_mmhg"),
    "pressureHigh": by.number("systolic_mmhg"),
    "pressureLow": by.number("diastolic_mmhg"),
    "bloodOxygen": by.number("oxygen_percent"),
    "spo2": by.number("oxygen_percent"),
    "bloodSugar": by.number("blood_sugar"),
    "activity": by.text("activity"),
    # The air, and what is wired to the device.
    "temperature": by.number("temperature_c"),
    "temp1": by.number("temperature_c"),
    "temp#": by.number("temperature#_c"),
    "deviceTemp": by.number("device_temperature_c"),
    "humidity": by.number("humidity_percent"),
    "illuminance": by.number("illuminance_lx"),
    "lightSensor": by.number("light"),
    "co2": by.number("co2_ppm"),
    "airPressure": by.number("air_hpa"),
    "adc#": by.number("adc#"),
    "in#": by.flag("in#"),
    "out#": by.flag("out#"),
    "io#": by.text("io#"),
    "input": by.number("input"),
    "output": by.number("output"),
    # Beacons and sensors in reach.
    "description": by.text("beacon"),
    "description#": by.text("tag#_name"),
    "tagId": by.text("tag1_id"),
    "tagName": by.text("tag1_name"),
    "tagBattery": by.number("tag1_battery_percent"),
    "tagTemp": by.number("tag1_temperature_c"),
    "tagHumidity": by.number("tag1_humidity_percent"),
    "tagId#": by.text("tag#_id"),
    "tagRssi#": by.number("tag#_rssi_dbm"),
    "tag#mRssi#": by.number("tag#_metre_rssi_dbm"),
    "tagBattery#": by.number("tag#_battery_percent"),
    "tagTemp#": by.number("tag#_temperature_c"),
    "tag#Id": by.text("tag#_id"),
    "tag#Mac": by.text("tag#_mac"),
    "tag#Name": by.text("tag#_name"),
    "tag#Rssi": by.number("tag#_rssi_dbm"),
    "tag#Battery": by.number("tag#_battery_v"),
    "tag#Voltage": by.number("tag#_battery_v", 0.001),
    "tag#Temp": by.number("tag#_temperature_c"),
    "tag#Humidity": by.number("tag#_humidity_percent"),
    "tag#Data": by.number("tag#_data"),
    "accessoryName": by.text("tag1_name"),
    "accessoryMac": by.text("tag1_mac"),
    "accessoryStatus": by.number("tag1_status"),
    "accessoryVoltage": by.number("tag1_battery_v"),
    "accessoryTemp": by.number("tag1_temperature_c"),
    "accessoryHumidity": by.number("tag1_humidity_percent"),
    "beacon#Uuid": by.text("beacon#_uuid"),
    "beacon#Major": by.number("beacon#_major"),
    "beacon#Minor": by.number("beacon#_minor"),
    "beacon#Namespace": by.text("beacon#_namespace"),
    "beacon#Instance": by.text("beacon#_instance"),
    "beacon#Rssi": by.number("beacon#_rssi_dbm"),
    "beacon#Battery": by.number("beacon#_battery_v"),
    "beacon#Temp": by.number("beacon#_temperature"),
    "bleTemp#": by.number("ble#_temperature_c"),
    "eyeTemp#": by.number("eye#_temperature_c"),
    # A vehicle.
    "ignition": by.flag("ignition"),
    "armed": by.flag("armed"),
    "blocked": by.flag("blocked"),
    "door": by.flag("door"),
    "doors": by.number("doors"),
    "lights": by.number("lights"),
    "indicators": by.number("indicators"),
    "axleWeight": by.number("axle_weight"),
    "tachographInfo": by.number("tachograph"),
    "vehicleOverspeed": by.number("vehicle_overspeed"),
    "engineOverspeed": by.number("engine_overspeed"),
    "vin": by.text("vin"),
    "calid": by.text("calibration"),
    "driver": by.text("driver_name"),
    "driverUniqueId": by.text("driver"),
    "card": by.text("card"),
    "cardStatus": by.number("card_status"),
    "fuel": by.number("fuel"),
    "fuel#": by.number("fuel#"),
    "fuelUsed": by.number("fuel_used_l"),
    "fuelConsumption": by.number("fuel_use"),
    "idleFuelConsumption": by.number("idle_fuel_l"),
    "tripFuel": by.number("trip_fuel"),
    "tripFuelUsed": by.number("trip_fuel_used_l"),
    "oil": by.number("oil"),
    "rpm": by.number("engine_rpm"),
    "throttle": by.percent("throttle_percent"),
    "engineLoad": by.percent("engine_load_percent"),
    "engineStatus": by.number("engine_status"),
    "coolantTemp": by.number("coolant_c"),
    "intakeTemp": by.number("intake_c"),
    "intakeFlow": by.number("intake_flow"),
    "intakePressure": by.number("intake_kpa"),
    "obdSpeed": by.number("obd_kmh"),
    "obdOdometer": by.number("obd_odometer_m"),
    "odbConnect": by.flag("obd_connected"),
    "range": by.number("range_m"),
    "hours": by.number("engine_s", 0.001),
    "idleHours": by.number("idle_h"),
    "drivingTime": by.number("driving_h"),
    "dtcs": by.text("fault_codes"),
    "dtcsCodes": by.text("fault_codes"),
    "dtcsNumber": by.number("faults"),
    "dtcsClearedDistance": by.number("faults_cleared_km"),
    "bootReason": by.number("boot_reason"),
    "hardAccelerationCount": by.number("harsh_accelerations"),
    "hardCorneringCount": by.number("harsh_corners"),
    "hardDecelerationCount": by.number("harsh_brakings"),
    "tire#Pressure": by.number("tire#_bar"),
    "tire#SensorId": by.text("tire#_id"),
    "tire#Status": by.number("tire#_status"),
    "tire#Temp": by.number("tire#_temperature_c"),
    "videoAlarm": by.number("video_alarm"),
    "adasAlarm": by.number("driving_alarm"),
    "dmsAlarm": by.number("driver_alarm"),
    # A lock.
    "container": by.text("container"),
    "cover": by.flag("cover"),
    "string": by.flag("string_cut"),
    "tamper": by.flag("tampered"),
    "lock": by.flag("locked"),
    "lock#Battery": by.number("lock#_battery"),
    "lock#Card": by.text("lock#_card"),
    "lock#Id": by.text("lock#_id"),
    "lock#Locked": by.flag("lock#_locked"),
    "lock#Seal": by.flag("lock#_sealed"),
    "lockCard": by.text("lock_card"),
    "lockCommand": by.number("lock_command"),
    "lockPassword": by.text("lock_password"),
    "lockStatus": by.number("lock_status"),
    "unlockResult": by.number("lock_result"),
    "wakeSource": by.number("wake_source"),
    # A battery box.
    "battery#": by.number("cell#_v"),
    "batteryOverheat": by.flag("overheated"),
    "batteryTemp#": by.number("battery#_temperature_c"),
    "calibrationCapacity": by.number("calibrated_ah"),
    "cellTemp#": by.number("cell#_temperature_c"),
    "chargeProtection": by.flag("charge_cut"),
    "dischargeCapacity": by.number("discharged"),
    "dischargeProtection": by.flag("discharge_cut"),
    "cumulativeVoltage": by.number("battery_v"),
    "gatherVoltage": by.number("gathered_v"),
    "current": by.number("current_a"),
    "cycles": by.number("cycles"),
    "equilibriumTemp": by.number("balance_temperature_c"),
    "faultAlarm": by.number("fault"),
    "maxCellVoltage": by.number("cell_max_v"),
    "maxCellVoltageCount": by.number("cell_max"),
    "minCellVoltage": by.number("cell_min_v"),
    "minCellVoltageCount": by.number("cell_min"),
    "maxTemp": by.number("warmest_temperature_c"),
    "maxTempCount": by.number("warmest"),
    "minTemp": by.number("coldest_temperature_c"),
    "minTempCount": by.number("coldest"),
    "powerTemp": by.number("power_temperature_c"),
    "soc": by.battery,
    "externalBatteryLevel": by.number("box_battery_percent"),
    "externalBatteryCycles": by.number("box_cycles"),
}
# Where a wire protocol means something else by the source's name.
KEPT_BY: Mapping[str, Mapping[str, by.Compare]] = {
    "eelink": {
        "index": by.sequence,
        "armed": by.bit("status", 4),
        "blocked": by.relay,
        "gps": by.bit("status", 10),
    },
    "gl200": {
        "result": by.acknowledged,
        "type": by.text("event", "GT"),
        "in1": by.either(by.flag("in1"), by.bit("input", 1)),
        "in2": by.either(by.flag("in2"), by.bit("input", 2)),
        "out1": by.bit("output", 0),
        "out2": by.bit("output", 1),
        "obdOdometer": by.number("obd_odometer_m", 100),
        "range": by.number("range_m", 100),
        "tag#Battery": by.number("tag#_battery_percent"),
        "temp1": by.either(by.number("temperature_c"), by.number("coolant_c")),
        "fatigueDegree": by.number("fatigue"),
        "deviceType": by.text("model"),
        "versionHw": by.text("hardware"),
    },
    "gps103": {
        "battery": by.number("external_v"),
        "fuelConsumption": by.blank_is_zero(by.number("fuel_use")),
        "hours": by.blank_is_zero(by.number("engine_s", 0.001)),
        "odometer": by.blank_is_zero(by.number("obd_odometer")),
        "sensorId": by.text("sensor"),
        "sensorVoltage": by.number("sensor_v"),
        "error": by.text("error"),
    },
    "gt06": {
        "index": by.sequence,
        "blocked": by.bit("status", 7),
        "alarm#Status": by.number("alarm#_status"),
        "otherStatus": by.number("other_status"),
        "io#": by.flag("io#"),
    },
    "h02": {"battery": by.number("battery_raw")},
    "jt808": {"blocked": by.bit("status", 10)},
    "laipac": {
        "adc#": by.number("adc#", 1000),
        "status": by.text("status"),
        "gps": by.text("gps"),
    },
    "meitrack": {
        "hdop": by.tenths_if_whole("hdop"),
        "battery": by.either(by.number("battery_v"), by.number("battery_raw", 100)),
        "power": by.blank_is_zero(
            by.either(by.number("external_v"), by.number("external_raw", 100))
        ),
        "image": by.file("files"),
    },
    "minifinder2": {"tagTemp#": by.swapped("tag#_temperature_c", 10)},
    "teltonika": {
        "batteryCurrent": by.number("io68", 1000),
        "sleepMode": by.text("io200"),
        "io116": by.flag("charging"),
        "tag#Battery": by.number("tag#_battery_v", 0.001),
        "tag#Temp": by.number("tag#_temperature_c", 0.01),
    },
    "tk103": {
        "cumulativeVoltage": by.swapped("battery_v", 10),
        "gatherVoltage": by.swapped("gathered_v", 10),
        "current": by.swapped("current_a", 10, 30_000),
        "maxCellVoltage": by.swapped("cell_max_v", 1000),
        "minCellVoltage": by.swapped("cell_min_v", 1000),
        "soc": by.swapped("", 10),
        "in2": by.bit("input", 8),
        "panic": by.bit("input", 9),
        "out2": by.bit("input", 10),
        "blocked": by.bit("input", 11),
        "hs3": by.bit("input", 4),
        "hs2": by.bit("input", 5),
        "hs1": by.bit("input", 6),
        "door": by.bit("input", 7),
        "ls3": by.bit("input", 1),
        "ls2": by.bit("input", 2),
        "ls1": by.bit("input", 3),
    },
    "trv": {"battery": by.battery},
    "xexun": {"power": by.number("battery_v"), "signal": by.text("gps_signal")},
    "xexun2": {"index": by.sequence},
}


@cache
def not_kept() -> frozenset[tuple[str, str]]:
    """Return what the page names as not kept: wire protocols with names."""
    _, _, section = PAGE.read_text().partition("\n## Attributes that are not kept\n")
    section, _, _ = section.partition("\n## ")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ", section, re.MULTILINE)
    return frozenset((protocol, name) for protocol, name in rows)


def comparison(protocol: str, name: str) -> tuple[by.Compare | None, str]:
    """Return how an attribute is compared, if at all, and the number in its name."""
    numbers = re.findall(r"\d+", name)
    tables = (KEPT_BY.get(protocol, {}), KEPT)
    for known in (name, re.sub(r"\d+", "#", name)):
        for table in tables:
            if known in table:
                return table[known], numbers[-1] if numbers else ""
    return None, ""


def assert_attributes(
    protocol: str,
    report: DeviceReport,
    theirs: Mapping[str, Any],
    differs: Collection[str],
) -> None:
    """Hold every attribute that the source asserts against a report.

    Args:
        protocol: whose names they are.
        report: what we made of it.
        theirs: by the source's names.
        differs: names that differ by design in this packet.

    """
    for name, value in theirs.items():
        if value is None or name in differs or (protocol, name) in not_kept():
            continue
        compare, number = comparison(protocol, name)
        assert compare is not None, f"{protocol}: {name} is neither kept nor excused"
        try:
            compare(report, value, number)
        except AssertionError as fault:
            message = f"{protocol}: {name} is {value!r} to the source; {fault}"
            raise AssertionError(message) from fault
