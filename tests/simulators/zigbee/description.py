"""What a device is made of: node descriptor, endpoints, clusters, attributes and their values.

Written as rows (`devices.py`) or read from the file that ZHA's device diagnostics download gives,
so that the device of a bug report can be put on a virtual network.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import zigpy.types as t
from zigpy.zcl import Cluster
from zigpy.zcl.clusters.general import Basic
from zigpy.zcl.foundation import DataType, DataTypeId, TypeValue
from zigpy.zdo.types import LogicalType, MACCapabilityFlags, NodeDescriptor

HOME_AUTOMATION = 0x0104


@dataclass(frozen=True, kw_only=True)
class ClusterDescription:
    """A server or client cluster; what is in no table is an unsupported attribute."""

    id: int
    attributes: Mapping[int, TypeValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EndpointDescription:
    """One endpoint, as its simple descriptor tells it."""

    id: int = 1
    profile: int = HOME_AUTOMATION
    device_type: int
    servers: tuple[ClusterDescription, ...]
    clients: tuple[ClusterDescription, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeviceDescription:
    """A kind of device; `ieee` only if it is one particular device of a bug report."""

    node: NodeDescriptor
    endpoints: tuple[EndpointDescription, ...]
    ieee: t.EUI64 | None = None


def node(
    *, router: bool = False, mains: bool = False, sleepy: bool = True, manufacturer: int = 0x1049
) -> NodeDescriptor:
    """Describe a node of 2.4 GHz; a router hears at all times and is never on battery alone."""
    capabilities = MACCapabilityFlags.AllocateAddress
    if router:
        capabilities |= MACCapabilityFlags.FullFunctionDevice
    if router or mains:
        capabilities |= MACCapabilityFlags.MainsPowered
    if router or not sleepy:
        capabilities |= MACCapabilityFlags.RxOnWhenIdle
    return NodeDescriptor(
        logical_type=LogicalType.Router if router else LogicalType.EndDevice,
        complex_descriptor_available=0,
        user_descriptor_available=0,
        reserved=0,
        aps_flags=0,
        frequency_band=NodeDescriptor.FrequencyBand.Freq2400MHz,
        mac_capability_flags=capabilities,
        manufacturer_code=manufacturer,
        maximum_buffer_size=82,
        maximum_incoming_transfer_size=82,
        server_mask=0x2C00,
        maximum_outgoing_transfer_size=82,
        descriptor_capability_field=NodeDescriptor.DescriptorCapability.NONE,
    )


def cluster(kind: type[Cluster], **values: Any) -> ClusterDescription:
    """Describe a cluster of zigpy's tables with these attributes, by their names."""
    attributes = {}
    for name, value in values.items():
        definition = getattr(kind.AttributeDefs, name)
        attributes[int(definition.id)] = TypeValue(definition.zcl_type, definition.type(value))
    return ClusterDescription(id=kind.cluster_id, attributes=attributes)


def from_diagnostics(download: Mapping[str, Any]) -> DeviceDescription:
    """Describe the device of a ZHA device diagnostics download.

    Takes the whole file of Home Assistant, or only its `data`. A quirk may have replaced the
    endpoints that ZHA shows; the signature taken before it was applied is the device's own word.
    Values that the file does not carry are unsupported attributes here.
    """
    data = download.get("data", download)
    signature = data.get("original_signature") or {}
    original = {int(id_): entry for id_, entry in (signature.get("endpoints") or {}).items()}
    shown = {int(id_): entry for id_, entry in data["endpoints"].items()}
    ieee = None
    with contextlib.suppress(ValueError):  # redacted
        ieee = t.EUI64.convert(data["ieee"])
    return DeviceDescription(
        node=_node_from(data["node_descriptor"]),
        endpoints=tuple(
            _endpoint_from(id_, shown.get(id_, {}), original.get(id_, {}), data)
            for id_ in sorted(original or shown)
        ),
        ieee=ieee,
    )


def _node_from(data: Mapping[str, Any]) -> NodeDescriptor:
    kinds = {name: field_.type for name, field_ in _fields(NodeDescriptor).items()}
    values = dict(data)
    values["logical_type"] = LogicalType[values["logical_type"]]
    return NodeDescriptor(**{name: kinds[name](values[name]) for name in kinds})


def _fields(struct: Any) -> dict[str, Any]:
    return {field_.name: field_ for field_ in struct.fields}


def _endpoint_from(
    id_: int, shown: Mapping[str, Any], original: Mapping[str, Any], data: Mapping[str, Any]
) -> EndpointDescription:
    tables = {
        side: {_number(entry["cluster_id"]): entry for entry in shown.get(f"{side}_clusters", ())}
        for side in ("in", "out")
    }
    servers = map(_number, original.get("input_clusters", tables["in"]))
    clients = map(_number, original.get("output_clusters", tables["out"]))
    named = {"manufacturer": data.get("manufacturer"), "model": data.get("model")}
    return EndpointDescription(
        id=id_,
        profile=_number(original.get("profile_id", shown.get("profile_id", HOME_AUTOMATION))),
        device_type=_number(original.get("device_type") or shown["device_type"]["id"]),
        servers=tuple(_cluster_from(number, tables["in"].get(number), named) for number in servers),
        clients=tuple(_cluster_from(number, tables["out"].get(number), {}) for number in clients),
    )


def _cluster_from(
    number: int, entry: Mapping[str, Any] | None, named: Mapping[str, Any]
) -> ClusterDescription:
    values: dict[int, TypeValue] = {}
    if number == Basic.cluster_id:
        values.update(cluster(Basic, **{k: v for k, v in named.items() if v}).attributes)
    for attribute in _attributes(entry):
        if "value" in attribute:
            name = attribute["zcl_type"]
            kind = DataType.from_type_id(DataTypeId["bool_" if name == "bool" else name])
            with contextlib.suppress(ValueError, TypeError):  # a value JSON cannot carry
                values[_number(attribute["id"])] = TypeValue(
                    kind.type_id, _value(kind.python_type, attribute["value"])
                )
    return ClusterDescription(id=number, attributes=values)


def _attributes(entry: Mapping[str, Any] | None) -> Iterable[Mapping[str, Any]]:
    return () if entry is None else entry.get("attributes", ())


def _value(kind: Any, value: Any) -> Any:
    return kind.convert(value) if issubclass(kind, t.EUI64) else kind(value)


def _number(value: Any) -> int:
    return int(value, 16) if isinstance(value, str) else int(value)
