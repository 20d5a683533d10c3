"""A coordinator of a third make: Texas Instruments' Z-Stack 3.30 on a TCP port, devices around it.

Its memory, by which a host looks at a network, forms and changes it; its start, its endpoints, and
data both ways. Frames after "Z-Stack Monitor and Test API" 1.14, their layouts and those of the
memory's items by zigpy-znp's own tables; the host is zigpy-znp, unmodified.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any, override

import zigpy_znp.commands as c
import zigpy_znp.types as t
from zigpy.zdo.types import SizePrefixedSimpleDescriptor
from zigpy_znp.exceptions import InvalidFrame
from zigpy_znp.frames import TransportFrame
from zigpy_znp.types.nvids import ExNvIds, NvSysIds, OsalNvIds

from .zigbee import VirtualDevice, zdo
from .zigbee.description import HOME_AUTOMATION
from .zigbee.device import ZDO_PROFILE
from .zigbee_around import Around, Frame

OK = {"Status": t.Status.SUCCESS}
RELEASE = {"TransportRev": 2, "ProductId": 1, "MajorRel": 2, "MinorRel": 7, "MaintRel": 1}
BUILD = 20220219
ASSOCIATED = 36  # octets of a struct on a 32 bit processor, by which a host tells its layout
# Settings of one octet that are there from the first start.
SETTINGS = (
    OsalNvIds.STARTUP_OPTION, OsalNvIds.LOGICAL_TYPE, OsalNvIds.CONCENTRATOR_ENABLE,
    OsalNvIds.CONCENTRATOR_DISCOVERY, OsalNvIds.CONCENTRATOR_RC, OsalNvIds.SRC_RTG_EXPIRY_TIME,
    OsalNvIds.NWK_CHILD_AGE_ENABLE, OsalNvIds.BCAST_DELIVERY_TIME, OsalNvIds.ZDO_DIRECT_CB,
)  # fmt: skip
type Item = tuple[int, int, int]


def legacy(number: int) -> Item:
    """Name an item of the older memory, which is a part of the newer one."""
    return NvSysIds.ZSTACK, ExNvIds.LEGACY, int(number)


class ZStack(Around):
    """One coordinator. `formed`: it comes with a network."""

    def __init__(self, *, formed: bool = True) -> None:
        super().__init__(bytes(range(16)))
        self.ieee = t.EUI64.convert("00:12:4b:00:29:0a:11:07")
        self.memory: dict[Item, bytes] = {legacy(one): b"\x00" for one in SETTINGS}
        self.memory[legacy(OsalNvIds.EXTADDR)] = self.ieee.serialize()
        if formed:
            self._form()
        self._endpoints: dict[int, SizePrefixedSimpleDescriptor] = {}
        self._handlers: dict[Any, Callable[[Any], Any]] = {
            c.SYS.Ping.Req: lambda _: c.SYS.Ping.Rsp(
                Capabilities=t.MTCapabilities.SYS
                | t.MTCapabilities.AF
                | t.MTCapabilities.ZDO
                | t.MTCapabilities.UTIL
                | t.MTCapabilities.APP_CNF
            ),
            c.SYS.Version.Req: lambda _: c.SYS.Version.Rsp(**RELEASE, CodeRevision=BUILD),
            c.SYS.ResetReq.Req: self._reset,
            c.SYS.OSALNVLength.Req: lambda ask: c.SYS.OSALNVLength.Rsp(
                ItemLen=len(self.memory.get(legacy(ask.Id), b""))
            ),
            c.SYS.OSALNVReadExt.Req: lambda ask: c.SYS.OSALNVReadExt.Rsp(
                **OK, Value=t.ShortBytes(self.memory[legacy(ask.Id)][ask.Offset :][:244])
            ),
            c.SYS.OSALNVWriteExt.Req: lambda ask: self._written(
                c.SYS.OSALNVWriteExt, legacy(ask.Id), ask
            ),
            c.SYS.OSALNVItemInit.Req: self._begin_item,
            c.SYS.OSALNVDelete.Req: lambda ask: self._deleted(c.SYS.OSALNVDelete, legacy(ask.Id)),
            c.SYS.NVLength.Req: lambda ask: c.SYS.NVLength.Rsp(
                Length=len(self.memory.get(_item(ask), b""))
            ),
            c.SYS.NVRead.Req: lambda ask: c.SYS.NVRead.Rsp(
                **OK, Value=t.ShortBytes(self.memory[_item(ask)][ask.Offset :][: ask.Length])
            ),
            c.SYS.NVWrite.Req: lambda ask: self._written(c.SYS.NVWrite, _item(ask), ask),
            c.SYS.NVDelete.Req: lambda ask: self._deleted(c.SYS.NVDelete, _item(ask)),
            c.UTIL.AssocFindDevice.Req: lambda _: c.UTIL.AssocFindDevice.Rsp(
                Device=t.Bytes(bytes(ASSOCIATED))
            ),
            c.UTIL.LEDControl.Req: lambda _: c.UTIL.LEDControl.Rsp(**OK),
            c.AppConfig.BDBSetChannel.Req: lambda _: c.AppConfig.BDBSetChannel.Rsp(**OK),
            c.AppConfig.BDBStartCommissioning.Req: self._start,
            c.AF.Register.Req: self._register,
            c.AF.DataRequestExt.Req: self._send,
            c.ZDO.MsgCallbackRegister.Req: lambda _: c.ZDO.MsgCallbackRegister.Rsp(**OK),
            c.ZDO.ExtRouteChk.Req: lambda _: c.ZDO.ExtRouteChk.Rsp(
                Status=c.zdo.RoutingStatus.SUCCESS
            ),
            c.ZDO.ExtRouteDisc.Req: lambda _: c.ZDO.ExtRouteDisc.Rsp(**OK),
            c.ZDO.MgmtPermitJoinReq.Req: self._permitted,
        }

    @property
    def extended_pan_id(self) -> str:
        """Which network it has."""
        return str(self._nib().extendedPANID)

    @property
    def channel(self) -> int:
        """On which channel it is."""
        return int(self._nib().nwkLogicalChannel)

    @override
    def admit(self, device: VirtualDevice) -> None:
        """Let a device in, and say so."""
        super().admit(device)
        self._say(c.ZDO.TCDevInd.Callback(SrcNwk=device.nwk, SrcIEEE=device.ieee, ParentNwk=0))

    @override
    def incoming(self, device: VirtualDevice | zdo.Node, frame: Frame) -> None:
        """Carry a frame to the host: what is of ZDO in a form of its own."""
        if frame.profile == ZDO_PROFILE:
            said = c.ZDO.MsgCbIncoming.Callback(
                Src=device.nwk, IsBroadcast=frame.broadcast, ClusterId=frame.cluster, SecurityUse=0,
                TSN=frame.message[0], MacDst=0, Data=t.Bytes(frame.message[1:]),
            )  # fmt: skip
        else:
            said = c.AF.IncomingMsg.Callback(
                GroupId=0, ClusterId=frame.cluster, SrcAddr=device.nwk,
                SrcEndpoint=frame.endpoints[0], DstEndpoint=frame.endpoints[1],
                WasBroadcast=frame.broadcast, LQI=device.lqi, SecurityUse=False, TimeStamp=0,
                TSN=frame.sequence, Data=t.ShortBytes(frame.message), MacSrcAddr=device.nwk,
                MsgResultRadius=30,
            )  # fmt: skip
        self._say(said)

    # The host

    @override
    async def serve(self, reader: asyncio.StreamReader) -> None:
        waiting = b""
        while said := await reader.read(1024):
            waiting += said
            while (begin := waiting.find(TransportFrame.SOF.serialize())) >= 0:
                try:  # what comes before it wakes a bootloader
                    frame, waiting = TransportFrame.deserialize(waiting[begin:])
                except InvalidFrame, ValueError:  # half of one
                    break
                self._take(frame.payload)

    def _take(self, frame: Any) -> None:
        known = c.COMMANDS_BY_ID.get(frame.header)
        handler = self._handlers.get(known)
        if known is None or handler is None:
            self._say(
                c.RPCError.CommandNotRecognized.Rsp(
                    ErrorCode=c.rpc_error.ErrorCode.InvalidCommandId, RequestHeader=frame.header
                )
            )
            return
        answer = handler(known.from_frame(frame))
        if answer is not None:
            self._say(answer)

    def _say(self, command: Any) -> None:
        self.write(TransportFrame(command.to_frame()).serialize())

    def _soon(self, command: Any) -> None:
        """Say something behind the answer that is being made."""
        self.later(0, lambda: self._say(command))

    # Its memory

    def _begin_item(self, ask: Any) -> Any:
        self.memory[legacy(ask.Id)] = bytes(ask.Value).ljust(ask.ItemLen, b"\x00")
        return c.SYS.OSALNVItemInit.Rsp(Status=t.Status.NV_ITEM_UNINIT)

    def _written(self, command: Any, item: Item, ask: Any) -> Any:
        kept, end = self.memory[item], ask.Offset + len(ask.Value)
        self.memory[item] = kept[: ask.Offset] + bytes(ask.Value) + kept[end:]
        return command.Rsp(**OK)

    def _deleted(self, command: Any, item: Item) -> Any:
        self.memory.pop(item, None)
        return command.Rsp(**OK)

    def _nib(self) -> Any:
        nib, _ = t.NIB.deserialize(self.memory[legacy(OsalNvIds.NIB)], align=True)
        return nib

    def _form(self) -> None:
        """Begin a network of its own choice."""
        size = len(t.NIB.deserialize(bytes(400), align=True)[0].serialize(align=True))
        blank, _ = t.NIB.deserialize(bytes(size), align=True)
        epid = t.EUI64(os.urandom(8))
        nib = blank.replace(
            nwkDevAddress=0, nwkPanId=0x1A62, extendedPANID=epid, nwkLogicalChannel=15,
            channelList=t.Channels.from_channel_list([15]), SecurityLevel=5, nwkKeyLoaded=True,
        )  # fmt: skip
        key = t.NwkKeyDesc(KeySeqNum=0, Key=t.KeyData(self.key))
        counter = t.NwkSecMaterialDesc(FrameCounter=1000, ExtendedPanID=epid)
        for number, value in (
            (OsalNvIds.NIB, nib.serialize(align=True)),
            (OsalNvIds.BDBNODEISONANETWORK, b"\x01"),
            (OsalNvIds.NWK_ACTIVE_KEY_INFO, key.serialize(align=True)),
            (OsalNvIds.TCLK_SEED, os.urandom(16)),
            (OsalNvIds.APS_LINK_KEY_TABLE, bytes(2)),  # of no entries
        ):
            self.memory[legacy(number)] = value
        table = (NvSysIds.ZSTACK, ExNvIds.NWK_SEC_MATERIAL_TABLE, 0)
        self.memory[table] = counter.serialize(align=True)

    # Its network

    def _reset(self, _ask: Any) -> None:
        option = legacy(OsalNvIds.STARTUP_OPTION)
        if self.memory[option] != b"\x00":
            self.memory[option] = b"\x00"
            self.memory.pop(legacy(OsalNvIds.NIB), None)
        # What a host deletes, the next start writes again from what is burned in.
        self.memory.setdefault(legacy(OsalNvIds.EXTADDR), self.ieee.serialize())
        self._endpoints.clear()
        self._soon(c.SYS.ResetInd.Callback(Reason=t.ResetReason.PowerUp, **RELEASE))

    def _start(self, _ask: Any) -> Any:
        if legacy(OsalNvIds.NIB) not in self.memory:
            self._form()
        bdb = c.app_config
        self._soon(c.ZDO.StateChangeInd.Callback(State=t.DeviceState.StartedAsCoordinator))
        self._soon(
            c.AppConfig.BDBCommissioningNotification.Callback(
                Status=bdb.BDBCommissioningStatus.Success,
                Mode=bdb.BDBCommissioningMode.NwkFormation,
                RemainingModes=bdb.BDBCommissioningMode.NONE,
            )
        )
        return c.AppConfig.BDBStartCommissioning.Rsp(**OK)

    def _register(self, ask: Any) -> Any:
        self._endpoints[int(ask.Endpoint)] = SizePrefixedSimpleDescriptor(
            endpoint=ask.Endpoint, profile=ask.ProfileId, device_type=ask.DeviceId,
            device_version=0, input_clusters=list(ask.InputClusters),
            output_clusters=list(ask.OutputClusters),
        )  # fmt: skip
        return c.AF.Register.Rsp(**OK)

    def _permitted(self, ask: Any) -> Any:
        self.permit(ask.Duration)
        self._soon(c.ZDO.MgmtPermitJoinRsp.Callback(Src=0, Status=t.ZDOStatus.SUCCESS))
        return c.ZDO.MgmtPermitJoinReq.Rsp(**OK)

    def _send(self, ask: Any) -> Any:
        to, endpoint = int(ask.DstAddrModeAddress.address), int(ask.DstEndpoint)
        profile = HOME_AUTOMATION if endpoint else ZDO_PROFILE
        message, cluster = bytes(ask.Data), int(ask.ClusterId)
        if endpoint:
            reached = t.Status.SUCCESS if self.hears(to) else t.Status.MAC_NO_ACK
            self._soon(
                c.AF.DataConfirm.Callback(Status=reached, Endpoint=ask.SrcEndpoint, TSN=ask.TSN)
            )
        self.later(0, lambda: self._arrive(to, endpoint, profile, cluster, message))
        return c.AF.DataRequestExt.Rsp(**OK)

    def _arrive(self, to: int, endpoint: int, profile: int, cluster: int, message: bytes) -> None:
        if to == 0 and profile == ZDO_PROFILE:
            self.answer(self.ieee, self._endpoints, cluster, message)
        self.down(to, endpoint, profile, cluster, message)


def _item(ask: Any) -> Item:
    return int(ask.SysId), int(ask.ItemId), int(ask.SubId)
