"""Devices that speak their maker's own words, as two makes that are on many doors and ceilings do.

The clusters are those that each make's devices tell in their descriptors; quirks know them by that.
"""

import zigpy.types as t
from zigpy.profiles.zha import DeviceType
from zigpy.zcl.clusters import general
from zigpy.zcl.foundation import ZCLHeader

from .description import ClusterDescription, DeviceDescription, EndpointDescription, cluster, node
from .device import VirtualDevice
from .zcl import TO_CLIENT

LUMI_CLUSTER, LUMI_DEVICE_TYPE, LUMI = 0xFFFF, 0x5F01, 0x115F
TUYA_CLUSTER, TUYA_REPORTS, TUYA = 0xEF00, 0x02, 0x1002
TUYA_ENUM = 0x04


def lumi_contact() -> DeviceDescription:
    """Describe a contact without an alarm zone: it says on and off, and answers nobody."""
    basic = cluster(general.Basic, manufacturer="LUMI", model="lumi.sensor_magnet.aq2")
    return DeviceDescription(
        node=node(manufacturer=LUMI),
        endpoints=(
            EndpointDescription(
                device_type=LUMI_DEVICE_TYPE,
                servers=(
                    basic,
                    cluster(general.Identify, identify_time=0),
                    ClusterDescription(id=LUMI_CLUSTER),
                    cluster(general.OnOff, on_off=False),
                ),
                clients=(
                    cluster(general.Basic),
                    cluster(general.Groups),
                    ClusterDescription(id=LUMI_CLUSTER),
                ),
            ),
        ),
    )


def tuya_smoke() -> DeviceDescription:
    """Describe a smoke detector all of whose words are numbered datapoints of one cluster."""
    return DeviceDescription(
        node=node(manufacturer=TUYA),
        endpoints=(
            EndpointDescription(
                device_type=DeviceType.SMART_PLUG,
                servers=(
                    cluster(general.Basic, manufacturer="_TZE284_n4ttsck2", model="TS0601"),
                    cluster(general.Groups, name_support=0),
                    cluster(general.Scenes),
                    ClusterDescription(id=TUYA_CLUSTER),
                ),
                clients=(cluster(general.Time), cluster(general.Ota)),
            ),
        ),
    )


def tuya_says(device: VirtualDevice, point: int, value: int) -> None:
    """Have such a device say a datapoint that is one of a list."""
    number = device.tsn()
    header = ZCLHeader.cluster(number, TUYA_REPORTS, direction=TO_CLIENT)
    size = t.uint16_t_be(1).serialize()
    said = bytes((0, number, point, TUYA_ENUM)) + size + bytes((value,))
    device.zcl(1, TUYA_CLUSTER, header.serialize() + said)
