"""Who hears whom: neighbour and routing tables made from parents and children."""

from collections.abc import Iterable
from typing import Any

import zigpy.types as t
from zigpy.zdo.types import DeviceType, Neighbor, PermitJoins, Relationship, Route, RouteStatus

RxOnWhenIdle = Neighbor.RxOnWhenIdle


def neighbours(of: Any, joined: Iterable[Any], epid: Any, me: t.EUI64) -> tuple[Neighbor, ...]:
    """List the neighbours of a router, or of the coordinator (`of` is None).

    Every router hears every other router and the coordinator; end devices hear their parent only.
    """
    table = []
    if of is not None:
        relation = Relationship.Parent if of.parent is None else Relationship.Sibling
        table.append(_entry(me, 0, DeviceType.Coordinator, relation, epid, awake=True, lqi=of.lqi))
    for one in joined:
        if one is of or not (one.router or one.parent is of):
            continue
        table.append(
            _entry(
                one.ieee,
                one.nwk,
                DeviceType.Router if one.router else DeviceType.EndDevice,
                Relationship.Child if one.parent is of else Relationship.Sibling,
                epid,
                awake=bool(one.description.node.is_receiver_on_when_idle),
                lqi=one.lqi,
            )
        )
    return tuple(table)


def _entry(
    ieee: t.EUI64, nwk: int, kind: DeviceType, relation: Relationship, epid: Any,
    *, awake: bool, lqi: int,
) -> Neighbor:  # fmt: skip
    return Neighbor(
        extended_pan_id=epid,
        ieee=ieee,
        nwk=nwk,
        device_type=kind,
        rx_on_when_idle=RxOnWhenIdle.On if awake else RxOnWhenIdle.Off,
        relationship=relation,
        reserved1=0,
        permit_joining=PermitJoins.Unknown,
        reserved2=0,
        depth=0 if nwk == 0 else 1 + (relation is not Relationship.Child),
        lqi=lqi,
    )


def routes(joined: Iterable[Any]) -> tuple[Route, ...]:
    """List the coordinator's routes: to the children of routers over their parents."""
    return tuple(
        Route(
            DstNWK=one.nwk,
            RouteStatus=RouteStatus.Active,
            MemoryConstrained=0,
            ManyToOne=0,
            RouteRecordRequired=0,
            Reserved=0,
            NextHop=one.parent.nwk if one.parent else one.nwk,
        )
        for one in joined
        if one.parent is not None or one.router
    )
