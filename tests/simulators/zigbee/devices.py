"""The devices a residential community has: one row each, with what such a device answers."""

from zigpy.profiles.zha import DeviceType
from zigpy.zcl import Cluster
from zigpy.zcl.clusters import closures, general, homeautomation, measurement, security, smartenergy

from .description import (
    ClusterDescription,
    DeviceDescription,
    EndpointDescription,
    cluster,
    from_diagnostics,
    node,
)

__all__ = [
    "KINDS", "button", "co", "contact", "from_diagnostics", "gas", "lock", "motion", "occupancy",
    "plug", "siren", "smoke", "temperature_humidity", "vibration", "water_leak",
]  # fmt: skip

MAINS, BATTERY, MAINS_AND_BATTERY = 0x01, 0x03, 0x81
NOT_ENROLLED = "00:00:00:00:00:00:00:00"


def _basic(model: str, power: int = BATTERY) -> ClusterDescription:
    return cluster(
        general.Basic,
        zcl_version=3,
        app_version=1,
        hw_version=1,
        manufacturer="Smart Community",
        model=model,
        power_source=power,
        sw_build_id="1.0.0",
        cluster_revision=2,
    )


def _battery() -> ClusterDescription:
    return cluster(
        general.PowerConfiguration,
        battery_voltage=30,
        battery_percentage_remaining=200,  # in halves of a percent
        battery_size=4,
        battery_quantity=2,
        cluster_revision=1,
    )


def _zone(kind: security.ZoneType) -> ClusterDescription:
    return cluster(
        security.IasZone,
        zone_state=security.ZoneState.Not_enrolled,
        zone_type=kind,
        zone_status=0,
        cie_addr=security.IasZone.AttributeDefs.cie_addr.type.convert(NOT_ENROLLED),
        zone_id=0xFF,
    )


def _device(
    model: str,
    device_type: int,
    *servers: ClusterDescription,
    clients: tuple[type[Cluster], ...] = (),
    router: bool = False,
    sleepy: bool = True,
    power: int = BATTERY,
) -> DeviceDescription:
    battery = () if power == MAINS else (_battery(),)
    identify = cluster(general.Identify, identify_time=0)
    return DeviceDescription(
        node=node(router=router, sleepy=sleepy),
        endpoints=(
            EndpointDescription(
                device_type=device_type,
                servers=(_basic(model, power), *battery, identify, *servers),
                clients=tuple(cluster(kind) for kind in (*clients, general.Ota)),
            ),
        ),
    )


def _detector(model: str, kind: security.ZoneType) -> DeviceDescription:
    return _device(model, DeviceType.IAS_ZONE, _zone(kind))


def smoke() -> DeviceDescription:
    """Describe a smoke detector: sleepy, on battery."""
    return _detector("SC-SMOKE", security.ZoneType.Fire_Sensor)


def water_leak() -> DeviceDescription:
    """Describe a water leak detector."""
    return _detector("SC-WATER", security.ZoneType.Water_Sensor)


def co() -> DeviceDescription:
    """Describe a carbon monoxide detector."""
    return _detector("SC-CO", security.ZoneType.Carbon_Monoxide_Sensor)


def gas() -> DeviceDescription:
    """Describe a combustible gas detector: mains powered, relays for others.

    ZHA's zone type for it is the carbon monoxide sensor's: the standard has one type for both.
    """
    return _device(
        "SC-GAS",
        DeviceType.IAS_ZONE,
        _zone(security.ZoneType.Carbon_Monoxide_Sensor),
        router=True,
        power=MAINS,
    )


def contact() -> DeviceDescription:
    """Describe a door or window contact."""
    return _detector("SC-CONTACT", security.ZoneType.Contact_Switch)


def motion() -> DeviceDescription:
    """Describe a motion detector that also measures light."""
    return _device(
        "SC-MOTION",
        DeviceType.IAS_ZONE,
        _zone(security.ZoneType.Motion_Sensor),
        cluster(
            measurement.IlluminanceMeasurement,
            measured_value=20000,
            min_measured_value=0,
            max_measured_value=50000,
        ),
    )


def occupancy() -> DeviceDescription:
    """Describe a presence detector whose hold time can be set: no alarm zone."""
    return _device(
        "SC-OCCUPANCY",
        DeviceType.OCCUPANCY_SENSOR,
        cluster(
            measurement.OccupancySensing,
            occupancy=0,
            occupancy_sensor_type_bitmap=1,
            pir_o_to_u_delay=60,
        ),
    )


def vibration() -> DeviceDescription:
    """Describe a vibration detector."""
    return _detector("SC-VIBRATION", security.ZoneType.Vibration_Movement_Sensor)


def button() -> DeviceDescription:
    """Describe a call button: it sends on, off and toggle commands."""
    return _device(
        "SC-BUTTON", DeviceType.NON_COLOR_CONTROLLER, clients=(general.OnOff, general.LevelControl)
    )


def lock() -> DeviceDescription:
    """Describe a door lock with a keypad: 30 users, weekly, yearly and holiday schedules."""
    return _device(
        "SC-LOCK",
        DeviceType.DOOR_LOCK,
        cluster(general.Alarms, alarm_count=0),
        cluster(
            closures.DoorLock,
            lock_state=closures.LockState.Locked,
            lock_type=closures.LockType.Dead_bolt,
            actuator_enabled=True,
            num_of_lock_records_supported=20,
            num_of_total_users_supported=30,
            num_of_pin_users_supported=30,
            num_of_week_day_schedules_supported_per_user=2,
            num_of_year_day_schedules_supported_per_user=2,
            num_of_holiday_scheduleds_supported=2,
            max_pin_len=8,
            min_pin_len=4,
            auto_relock_time=30,
            sound_volume=1,
            operating_mode=closures.OperatingMode.Normal,
            wrong_code_entry_limit=5,
            user_code_temporary_disable_time=30,
            send_pin_ota=True,
            require_pin_for_rf_operation=False,
        ),
        clients=(general.Time,),
        sleepy=False,
    )


def siren() -> DeviceDescription:
    """Describe a siren: mains powered with a battery, a router, an IAS zone and warning device."""
    return _device(
        "SC-SIREN",
        DeviceType.IAS_WARNING_DEVICE,
        _zone(security.ZoneType.Standard_Warning_Device),
        cluster(security.IasWd, max_duration=240),
        router=True,
        power=MAINS_AND_BATTERY,
    )


def temperature_humidity() -> DeviceDescription:
    """Describe a temperature and humidity sensor."""
    return _device(
        "SC-CLIMATE",
        DeviceType.TEMPERATURE_SENSOR,
        cluster(
            measurement.TemperatureMeasurement,
            measured_value=2100,
            min_measured_value=-2000,
            max_measured_value=6000,
        ),
        cluster(
            measurement.RelativeHumidity,
            measured_value=4500,
            min_measured_value=0,
            max_measured_value=10000,
        ),
    )


def plug() -> DeviceDescription:
    """Describe a metering plug: a router."""
    return _device(
        "SC-PLUG",
        DeviceType.SMART_PLUG,
        cluster(general.Groups, name_support=0),
        cluster(general.OnOff, on_off=False, start_up_on_off=0xFF),
        cluster(
            homeautomation.ElectricalMeasurement,
            measurement_type=8,
            active_power=0,
            rms_voltage=230,
            rms_current=0,
            ac_voltage_multiplier=1,
            ac_voltage_divisor=1,
            ac_current_multiplier=1,
            ac_current_divisor=1000,
            ac_power_multiplier=1,
            ac_power_divisor=1,
        ),
        cluster(
            smartenergy.Metering,
            current_summ_delivered=0,
            status=0,
            unit_of_measure=0,
            multiplier=1,
            divisor=1000,
            summation_formatting=0xFB,
            metering_device_type=0,
        ),
        router=True,
        power=MAINS,
    )


KINDS = {
    kind.__name__: kind
    for kind in (
        smoke, water_leak, co, gas, contact, motion, occupancy, vibration, button, lock, siren,
        temperature_humidity, plug,
    )
}  # fmt: skip
