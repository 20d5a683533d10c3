"""ZCL: a cluster of a device, and the general commands every cluster answers.

After the Zigbee Cluster Library Specification (07-5123) revision 8, 2.4 and 2.5. Values and
commands are zigpy's types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import zigpy.types as t
from zigpy.zcl import Cluster, foundation
from zigpy.zcl.foundation import GeneralCommand, Status, TypeValue, ZCLAttributeAccess, ZCLHeader

from .description import ClusterDescription

WRITABLE = ZCLAttributeAccess.Write | ZCLAttributeAccess.Write_Optional
TO_CLIENT = foundation.Direction.Server_to_Client
TO_SERVER = foundation.Direction.Client_to_Server


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A cluster's own response, by the name of its command."""

    name: str
    values: Mapping[str, Any]


class Sender(Protocol):
    """The device a cluster belongs to: it numbers frames and sends them."""

    refuses: bool

    def tsn(self) -> int:
        """Give the next transaction number."""

    def zcl(self, endpoint: int, cluster: int, frame: bytes) -> None:
        """Send a ZCL frame to the coordinator."""


class ServedCluster:
    """One cluster of an endpoint: attributes, reporting, and commands by name.

    A command `x` is answered by the method `on_x(ask)`: with a `Status` (a default response), a
    `Reply`, or nothing where the standard has no answer.
    """

    def __init__(
        self, sender: Sender, endpoint: int, description: ClusterDescription, *, server: bool
    ) -> None:
        self.sender = sender
        self.endpoint = endpoint
        self.id = description.id
        self.server = server
        self.kind = Cluster._registry.get(description.id)
        self.attributes = {id_: TypeValue(value) for id_, value in description.attributes.items()}
        self.reporting: dict[int, foundation.AttributeReportingConfig] = {}

    def get(self, name: str) -> Any:
        """Read an attribute by its name."""
        return self.attributes[self._definition(name).id].value

    def set(self, name: str, value: Any) -> None:
        """Change an attribute without telling anybody."""
        definition = self._definition(name)
        self.attributes[int(definition.id)] = TypeValue(definition.zcl_type, definition.type(value))

    def _definition(self, name: str) -> foundation.ZCLAttributeDef:
        return getattr(self.kind.AttributeDefs, name)

    def written(self, name: str) -> None:
        """Act on an attribute that the coordinator wrote."""

    def frame(self, header: ZCLHeader, payload: bytes) -> None:
        """Take one frame addressed to this cluster and answer it."""
        control = header.frame_control
        if control.is_cluster:
            said = self._command(header, payload)
        else:
            said = self._general(header, payload)
        if said is None or (said is Status.SUCCESS and control.disable_default_response):
            return
        if isinstance(said, Status):
            body = bytes((header.command_id, said))
            self._answer(header, GeneralCommand.Default_Response, body)
        elif isinstance(said, Reply):
            commands = self.kind.client_commands if self.server else self.kind.server_commands
            self._answer_command(header, *_serialize(commands, said.name, said.values))
        else:
            self._answer(header, *said)

    def _answer(self, to: ZCLHeader, command: int, body: bytes) -> None:
        header = ZCLHeader.general(
            to.tsn, command, to.manufacturer, direction=to.frame_control.direction.flip()
        )
        self.sender.zcl(self.endpoint, self.id, header.serialize() + body)

    def _answer_command(self, to: ZCLHeader, command: int, body: bytes) -> None:
        header = ZCLHeader.cluster(
            to.tsn, command, to.manufacturer, direction=to.frame_control.direction.flip()
        )
        self.sender.zcl(self.endpoint, self.id, header.serialize() + body)

    def notify(self, name: str, **values: Any) -> None:
        """Send a command of this cluster on its own accord: servers to clients, or the reverse."""
        commands = self.kind.client_commands if self.server else self.kind.server_commands
        command, body = _serialize(commands, name, values)
        direction = TO_CLIENT if self.server else TO_SERVER
        header = ZCLHeader.cluster(self.sender.tsn(), command, direction=direction)
        header.frame_control = header.frame_control.replace(disable_default_response=0)
        self.sender.zcl(self.endpoint, self.id, header.serialize() + body)

    def report(self, *names: str) -> None:
        """Report attributes as they are now."""
        records = [
            foundation.Attribute(attrid=id_, value=self.attributes[id_])
            for id_ in (int(self._definition(name).id) for name in names)
        ]
        header = ZCLHeader.general(
            self.sender.tsn(), GeneralCommand.Report_Attributes, direction=TO_CLIENT
        )
        body = b"".join(record.serialize() for record in records)
        self.sender.zcl(self.endpoint, self.id, header.serialize() + body)

    def _command(self, header: ZCLHeader, payload: bytes) -> Status | Reply | None:
        commands = self.kind and (
            self.kind.server_commands if self.server else self.kind.client_commands
        )
        definition = (commands or {}).get(header.command_id)
        handler = definition and getattr(self, f"on_{definition.name}", None)
        if handler is None:
            return Status.UNSUP_CLUSTER_COMMAND
        if self.sender.refuses:
            return Status.FAILURE
        try:
            ask, _ = definition.schema.deserialize(payload)
        except ValueError:
            return Status.MALFORMED_COMMAND
        return handler(ask)

    def _general(self, header: ZCLHeader, payload: bytes) -> Any:
        try:
            command = GeneralCommand(header.command_id)
            if (handler := _GENERAL.get(command)) is None:
                return Status.UNSUP_GENERAL_COMMAND
            ask, _ = foundation.GENERAL_COMMANDS[command].schema.deserialize(payload)
        except ValueError:
            return Status.MALFORMED_COMMAND
        return handler(self, ask)

    def _read(self, ask: Any) -> tuple[int, bytes]:
        records = (
            foundation.ReadAttributeRecord(id_, Status.SUCCESS, self.attributes[id_])
            if id_ in self.attributes
            else foundation.ReadAttributeRecord(id_, Status.UNSUPPORTED_ATTRIBUTE)
            for id_ in map(int, ask.attribute_ids)
        )
        body = b"".join(record.serialize() for record in records)
        return GeneralCommand.Read_Attributes_rsp, body

    def _write(self, ask: Any) -> tuple[int, bytes]:
        records = foundation.WriteAttributesResponse()
        for attribute in ask.attributes:
            status = self._write_one(int(attribute.attrid), attribute.value)
            records.append(
                foundation.WriteAttributesStatusRecord(status=status, attrid=attribute.attrid)
            )
        return GeneralCommand.Write_Attributes_rsp, records.serialize()

    def _write_one(self, id_: int, value: TypeValue) -> Status:
        if id_ not in self.attributes:
            return Status.UNSUPPORTED_ATTRIBUTE
        if value.type != self.attributes[id_].type:
            return Status.INVALID_DATA_TYPE
        definition = self.kind and self.kind.attributes.get(id_)
        if definition is not None and not definition.access & WRITABLE:
            return Status.READ_ONLY
        if self.sender.refuses:
            return Status.FAILURE
        self.attributes[id_] = TypeValue(value)
        if definition is not None:
            self.written(definition.name)
        return Status.SUCCESS

    def _write_silently(self, ask: Any) -> None:
        self._write(ask)

    def _configure(self, ask: Any) -> tuple[int, bytes]:
        records = foundation.ConfigureReportingResponse()
        for config in ask.config_records:
            known = int(config.attrid) in self.attributes
            if known:
                self.reporting[int(config.attrid)] = config
            records.append(
                foundation.ConfigureReportingResponseRecord(
                    status=Status.SUCCESS if known else Status.UNSUPPORTED_ATTRIBUTE,
                    direction=config.direction,
                    attrid=config.attrid,
                )
            )
        return GeneralCommand.Configure_Reporting_rsp, records.serialize()

    def _reporting(self, ask: Any) -> tuple[int, bytes]:
        body = b""
        for record in ask.attribute_records:
            config = self.reporting.get(int(record.attrid))
            status = Status.SUCCESS if config else Status.NOT_FOUND
            if config is None:
                config = foundation.AttributeReportingConfig()
                config.direction, config.attrid = record.direction, record.attrid
            body += foundation.AttributeReportingConfigWithStatus(
                status=status, config=config
            ).serialize()
        return GeneralCommand.Read_Reporting_Configuration_rsp, body

    def _discover(self, ask: Any) -> tuple[int, bytes]:
        ids = sorted(id_ for id_ in self.attributes if id_ >= ask.start_attribute_id)
        page = ids[: ask.max_attribute_ids]
        body = t.Bool(page == ids).serialize() + b"".join(
            foundation.DiscoverAttributesResponseRecord(
                attrid=id_, datatype=self.attributes[id_].type
            ).serialize()
            for id_ in page
        )
        return GeneralCommand.Discover_Attributes_rsp, body

    def _hear(self, ask: Any) -> None:
        """Take a default response or a report; a device does nothing with either."""


def _serialize(commands: Mapping[int, Any], name: str, values: Mapping[str, Any]) -> Any:
    definition = next(one for one in commands.values() if one.name == name)
    return definition.id, definition.schema(**values).serialize()


_GENERAL = {
    GeneralCommand.Read_Attributes: ServedCluster._read,
    GeneralCommand.Write_Attributes: ServedCluster._write,
    GeneralCommand.Write_Attributes_Undivided: ServedCluster._write,
    GeneralCommand.Write_Attributes_No_Response: ServedCluster._write_silently,
    GeneralCommand.Configure_Reporting: ServedCluster._configure,
    GeneralCommand.Read_Reporting_Configuration: ServedCluster._reporting,
    GeneralCommand.Discover_Attributes: ServedCluster._discover,
    GeneralCommand.Default_Response: ServedCluster._hear,
    GeneralCommand.Report_Attributes: ServedCluster._hear,
}
