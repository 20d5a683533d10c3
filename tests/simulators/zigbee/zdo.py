"""ZDO: what a node says about itself, its endpoints, its neighbours and its routes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import zigpy.types as t
from zigpy.zdo.types import (
    CLUSTERS,
    Neighbor,
    Neighbors,
    NodeDescriptor,
    NwkUpdate,
    Route,
    Routes,
    SizePrefixedSimpleDescriptor,
    Status,
    ZDOCmd,
)

REPLY = 0x8000
PAGE = 3  # entries of a neighbour table that fit one frame


@dataclass(kw_only=True)
class Node:
    """What ZDO requests are answered from; a device or the coordinator itself."""

    ieee: t.EUI64
    nwk: int
    descriptor: NodeDescriptor
    simple: dict[int, SizePrefixedSimpleDescriptor]
    neighbours: Callable[[], Sequence[Neighbor]] = tuple
    routes: Callable[[], Sequence[Route]] = tuple
    bindings: set[tuple[int, int, bytes]] = field(default_factory=set)
    left: Callable[[bool], None] = lambda _: None
    permitted: Callable[[int], None] = lambda _: None
    moved: Callable[[NwkUpdate], None] = lambda _: None
    energy: int | None = None  # on every channel; None if it cannot be asked for that
    lqi: int = 255
    rssi: int = 0


def announce(node: Node, tsn: int) -> bytes:
    """Say that a node has joined, as a Device_annce."""
    return encode(
        ZDOCmd.Device_annce, tsn, node.nwk, node.ieee, node.descriptor.mac_capability_flags
    )


def encode(command: ZDOCmd, tsn: int, *values: Any) -> bytes:
    """Write a ZDO frame after zigpy's tables."""
    return bytes((tsn,)) + t.serialize(values, CLUSTERS[command][1])


def answer(node: Node, cluster: int, frame: bytes) -> tuple[int, bytes] | None:
    """Answer one request: (response cluster, frame), or nothing where the standard says nothing.

    Raises ValueError for a frame that is none.
    """
    if not frame:
        raise ValueError("an empty frame")
    if cluster & REPLY or cluster not in ZDOCmd.__members__.values():
        return None
    command, tsn = ZDOCmd(cluster), frame[0]
    values, _ = t.deserialize(frame[1:], CLUSTERS.get(command, ((), ()))[1])
    handler = _ANSWERS.get(command)
    if handler is None or (said := handler(node, *values)) is None:
        return None
    response = ZDOCmd(cluster | REPLY)
    return cluster | REPLY, _short(response, tsn, said)


def _short(response: ZDOCmd, tsn: int, values: tuple[Any, ...]) -> bytes:
    # A response that failed ends after its status (and the address it is about)
    kinds = CLUSTERS[response][1][: len(values)]
    return bytes((tsn,)) + t.serialize(values, kinds)


def _node_descriptor(node: Node, nwk: int) -> tuple[Any, ...] | None:
    if nwk != node.nwk:
        return Status.DEVICE_NOT_FOUND, nwk
    return Status.SUCCESS, nwk, node.descriptor


def _active_endpoints(node: Node, nwk: int) -> tuple[Any, ...]:
    return Status.SUCCESS, nwk, sorted(node.simple)


def _simple_descriptor(node: Node, nwk: int, endpoint: int) -> tuple[Any, ...]:
    if endpoint not in node.simple:
        return Status.NOT_ACTIVE, nwk, SizePrefixedNothing()
    return Status.SUCCESS, nwk, node.simple[endpoint]


class SizePrefixedNothing(SizePrefixedSimpleDescriptor):
    """The empty simple descriptor of an endpoint that is not there."""

    def serialize(self) -> bytes:
        return b"\0"


def _address(node: Node, wanted: Any, *_: Any) -> tuple[Any, ...] | None:
    if wanted not in {node.nwk, node.ieee}:
        return None
    return Status.SUCCESS, node.ieee, node.nwk


def _match(
    node: Node, nwk: int, profile: int, inputs: Sequence[int], outputs: Sequence[int]
) -> tuple[Any, ...] | None:
    matching = [
        id_
        for id_, simple in sorted(node.simple.items())
        if simple.profile == profile
        and (set(inputs) & set(simple.input_clusters) or set(outputs) & set(simple.output_clusters))
    ]
    return (Status.SUCCESS, node.nwk, matching) if matching else None


def _bind(node: Node, ieee: t.EUI64, endpoint: int, cluster: int, to: Any) -> tuple[Any, ...]:
    if ieee != node.ieee or endpoint not in node.simple:
        return (Status.INVALID_EP,)
    node.bindings.add((endpoint, cluster, to.serialize()))
    return (Status.SUCCESS,)


def _unbind(node: Node, ieee: t.EUI64, endpoint: int, cluster: int, to: Any) -> tuple[Any, ...]:
    binding = (endpoint, cluster, to.serialize())
    if ieee != node.ieee or binding not in node.bindings:
        return (Status.NO_ENTRY,)
    node.bindings.remove(binding)
    return (Status.SUCCESS,)


def _neighbours(node: Node, start: int) -> tuple[Any, ...]:
    table = node.neighbours()
    page = table[start : start + PAGE]
    return Status.SUCCESS, Neighbors(len(table), start, page)


def _routes(node: Node, start: int) -> tuple[Any, ...]:
    table = node.routes()
    page = table[start : start + 3 * PAGE]
    return Status.SUCCESS, Routes(len(table), start, page)


def _leave(node: Node, ieee: t.EUI64, options: int) -> tuple[Any, ...]:
    if int.from_bytes(ieee.serialize()) and ieee != node.ieee:
        return (Status.DEVICE_NOT_FOUND,)
    node.left(bool(options & 0x80))
    return (Status.SUCCESS,)


def _permit(node: Node, seconds: int, _: bool) -> tuple[Any, ...]:
    node.permitted(seconds)
    return (Status.SUCCESS,)


def _update(node: Node, update: NwkUpdate) -> tuple[Any, ...]:
    if update.ScanDuration != NwkUpdate.CHANNEL_CHANGE_REQ:
        if node.energy is None:
            return (Status.NOT_SUPPORTED,)
        scanned = [node.energy for _ in update.ScanChannels]
        return Status.SUCCESS, update.ScanChannels, 0, 0, scanned
    node.moved(update)
    return Status.SUCCESS, update.ScanChannels, 0, 0, []


def _no_descriptor(node: Node, nwk: int) -> tuple[Any, ...]:
    return Status.NOT_SUPPORTED, node.nwk


_ANSWERS: dict[ZDOCmd, Callable[..., tuple[Any, ...] | None]] = {
    ZDOCmd.NWK_addr_req: _address,
    ZDOCmd.IEEE_addr_req: _address,
    ZDOCmd.Node_Desc_req: _node_descriptor,
    ZDOCmd.Active_EP_req: _active_endpoints,
    ZDOCmd.Simple_Desc_req: _simple_descriptor,
    ZDOCmd.Match_Desc_req: _match,
    ZDOCmd.Bind_req: _bind,
    ZDOCmd.Unbind_req: _unbind,
    ZDOCmd.Mgmt_Lqi_req: _neighbours,
    ZDOCmd.Mgmt_Rtg_req: _routes,
    ZDOCmd.Mgmt_Leave_req: _leave,
    ZDOCmd.Mgmt_Permit_Joining_req: _permit,
    ZDOCmd.Mgmt_NWK_Update_req: _update,
    ZDOCmd.Power_Desc_req: _no_descriptor,
    ZDOCmd.User_Desc_req: _no_descriptor,
    ZDOCmd.Mgmt_Bind_req: lambda _, __: (Status.NOT_SUPPORTED,),
}
