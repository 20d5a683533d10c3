"""Keys and tokens of a coordinator: what its backup is made of."""

from collections.abc import Mapping
from typing import Any

import bellows.types as t

from .ezsp import OK, Answer, answers
from .stack import BROADCAST_EUI64, NO_NODE, Network, Stack

NOT_FOUND, NOT_JOINED = {"status": t.sl_Status.NOT_FOUND}, {"status": t.sl_Status.NOT_JOINED}
TRUST_CENTER_MODE = 0x1A00
CHILDREN = 32


class Keys:
    """The commands about keys, tokens and tables of addresses."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.known: dict[t.EUI64, int] = {}  # devices of the network and their short addresses
        self.children: list[tuple[t.EUI64, int, bool]] = []

    @answers("exportKey")
    def _export(self, ask: Mapping[str, Any]) -> Answer:
        if (network := self._stack.tokens.network) is None:
            return {"status": t.sl_Status.INVALID_KEY}
        wanted = ask["context"].core_key_type == t.SecurityManagerKeyType.NETWORK
        key = network.key if wanted else network.link_key
        return {"status": OK, "key": key, "context": ask["context"]}

    @answers("getKey")
    def _key(self, ask: Mapping[str, Any]) -> Answer:
        tokens = self._stack.tokens
        if (network := tokens.network) is None:
            return NOT_JOINED
        wanted = ask["keyType"] == t.EmberKeyType.CURRENT_NETWORK_KEY
        key = t.EmberKeyStruct.deserialize(bytes(64))[0].replace(
            bitmask=t.EmberKeyStructBitmask.KEY_HAS_OUTGOING_FRAME_COUNTER
            | t.EmberKeyStructBitmask.KEY_HAS_SEQUENCE_NUMBER,
            type=ask["keyType"],
            key=network.key if wanted else network.link_key,
            outgoingFrameCounter=t.uint32_t(tokens.frame_counter),
            sequenceNumber=t.uint8_t(network.key_sequence),
        )
        return {"status": OK, "keyStruct": key}

    @answers("getNetworkKeyInfo")
    def _network_key(self, _: Mapping[str, Any]) -> Answer:
        tokens = self._stack.tokens
        network = tokens.network
        return {
            "status": OK,
            "network_key_info": t.SecurityManagerNetworkKeyInfo(
                network_key_set=t.Bool(network is not None),
                alternate_network_key_set=t.Bool.false,
                network_key_sequence_number=t.uint8_t(network.key_sequence if network else 0),
                alt_network_key_sequence_number=t.uint8_t(0),
                network_key_frame_counter=t.uint32_t(tokens.frame_counter),
            ),
        }

    @answers("exportLinkKeyByIndex", "getKeyTableEntry")
    def _link_key(self, ask: Mapping[str, Any]) -> Answer:
        keys = list(self._stack.tokens.link_keys.items())
        if ask["index"] >= len(keys):
            return NOT_FOUND
        eui64, key = keys[ask["index"]]
        context = t.SecurityManagerContextV13.deserialize(bytes(64))[0].replace(eui64=eui64)
        return {"status": OK, "eui64": eui64, "plaintext_key": key, "context": context}

    @answers("importLinkKey", "addOrUpdateKeyTableEntry")
    def _import_link_key(self, ask: Mapping[str, Any]) -> Answer:
        self._stack.tokens.link_keys[ask["address"]] = ask.get("key", ask.get("keyData"))
        return {"status": OK}

    @answers("importTransientKey", "addTransientLinkKey")
    def _transient(self, ask: Mapping[str, Any]) -> Answer:
        eui64 = ask.get("eui64", ask.get("partner"))
        key = ask.get("plaintext_key", ask.get("transientKey"))
        self._stack.transient_keys[eui64] = key
        return {"status": OK}

    @answers("findKeyTableEntry")
    def _find(self, ask: Mapping[str, Any]) -> Answer:
        keys = list(self._stack.tokens.link_keys)
        return {"index": keys.index(ask["address"]) if ask["address"] in keys else 0xFF}

    @answers("clearKeyTable")
    def _clear(self, _: Mapping[str, Any]) -> Answer:
        self._stack.tokens.link_keys.clear()
        return {"status": OK}

    @answers("tokenFactoryReset")
    def _factory_reset(self, ask: Mapping[str, Any]) -> Answer:
        self._stack.tokens.network = None
        self._stack.tokens.link_keys.clear()
        if not ask["excludeOutgoingFC"]:
            self._stack.tokens.frame_counter = 0
        return {}

    @answers("getMfgToken")
    def _mfg_token(self, ask: Mapping[str, Any]) -> Answer:
        match ask["tokenId"]:
            case t.EzspMfgTokenId.MFG_STRING:
                value = self._stack.manufacturer.encode().ljust(16, b"\xff")
            case t.EzspMfgTokenId.MFG_BOARD_NAME:
                value = self._stack.board.encode().ljust(16, b"\xff")
            case _:
                value = b"\xff" * 8
        return {"tokenData": value}

    @answers("getTokenData")
    def _token(self, ask: Mapping[str, Any]) -> Answer:
        tokens = self._stack.tokens
        match ask["token"]:
            case t.NV3KeyId.CREATOR_STACK_RESTORED_EUI64 if tokens.rewritable:
                value = tokens.restored
            case t.NV3KeyId.NVM3KEY_STACK_TRUST_CENTER if tokens.network is not None:
                value = t.NV3StackTrustCenterToken(
                    mode=t.uint16_t(TRUST_CENTER_MODE),
                    eui64=tokens.network.trust_center,
                    key=tokens.network.link_key,
                )
            case t.NV3KeyId.NVM3KEY_STACK_NETWORK_MANAGEMENT if tokens.network is not None:
                parameters = tokens.network.parameters
                value = t.NV3StackNetworkManagementToken(
                    active_channels=parameters.channels,
                    manager_node_id=t.NWK(parameters.nwkManagerId),
                    update_id=parameters.nwkUpdateId,
                    padding=t.uint8_t(0),
                )
            case t.NV3KeyId.NVM3KEY_STACK_NODE_DATA if tokens.network is not None:
                value = _node_data(tokens.network)
            case t.NV3KeyId.NVM3KEY_STACK_CHILD_TABLE if ask["index"] in tokens.children:
                value = tokens.children[ask["index"]]
            case _:
                return NOT_FOUND
        return {"status": OK, "value": value.serialize()}

    @answers("setTokenData")
    def _set_token(self, ask: Mapping[str, Any]) -> Answer:
        tokens, data = self._stack.tokens, ask["token_data"]
        network = tokens.network
        match ask["token"]:
            case t.NV3KeyId.CREATOR_STACK_RESTORED_EUI64 if tokens.rewritable:
                tokens.restored = t.EUI64.deserialize(data)[0]
            case t.NV3KeyId.NVM3KEY_STACK_TRUST_CENTER if network is not None:
                network.trust_center = t.NV3StackTrustCenterToken.deserialize(data)[0].eui64
            case t.NV3KeyId.NVM3KEY_STACK_NETWORK_MANAGEMENT if network is not None:
                token = t.NV3StackNetworkManagementToken.deserialize(data)[0]
                network.parameters = network.parameters.replace(nwkUpdateId=token.update_id)
            case t.NV3KeyId.NVM3KEY_STACK_NODE_DATA if network is not None:
                power = t.NV3StackNodeData.deserialize(data)[0].radioTxPower
                network.parameters = network.parameters.replace(radioTxPower=t.uint8_t(power))
            case t.NV3KeyId.NVM3KEY_STACK_CHILD_TABLE:
                tokens.children[ask["index"]] = t.NV3ChildTableEntry.deserialize(data)[0]
            case _:
                return NOT_FOUND
        return {"status": OK}

    @answers("setChildData")
    def _set_child(self, ask: Mapping[str, Any]) -> Answer:
        child = ask["child_data"]
        self._stack.tokens.children[ask["index"]] = t.NV3ChildTableEntry(
            eui64=child.eui64, id=t.NWK(child.id), flags=t.uint8_t(0)
        )
        return {"status": OK}

    @answers("getChildData")
    def _child(self, ask: Mapping[str, Any]) -> Answer:
        if ask["index"] >= min(CHILDREN, len(self.children)):
            return NOT_JOINED
        eui64, nwk, sleepy = self.children[ask["index"]]
        kinds = t.EmberNodeType
        child = t.EmberChildDataV10.deserialize(bytes(64))[0].replace(
            eui64=eui64,
            type=kinds.SLEEPY_END_DEVICE if sleepy else kinds.END_DEVICE,
            id=t.EmberNodeId(nwk),
        )
        return {"status": OK, "child_data": child}

    @answers("getAddressTableRemoteNodeId", "getAddressTableRemoteEui64", "getAddressTableInfo")
    def _address(self, ask: Mapping[str, Any]) -> Answer:
        index = ask.get("addressTableIndex", ask.get("index"))
        if index not in self._stack.address_table:
            return NOT_FOUND | {"nodeId": NO_NODE, "nwk": NO_NODE, "eui64": BROADCAST_EUI64}
        eui64, nwk = self._stack.address_table[index]
        return {"status": OK, "nodeId": nwk, "nwk": nwk, "eui64": eui64}

    @answers("replaceAddressTableEntry")
    def _replace_address(self, ask: Mapping[str, Any]) -> Answer:
        table = self._stack.address_table
        eui64, nwk = table.get(ask["addressTableIndex"], (BROADCAST_EUI64, NO_NODE))
        table[ask["addressTableIndex"]] = (ask["newEui64"], ask["newId"])
        return {"status": OK, "oldEui64": eui64, "oldId": nwk, "oldExtendedTimeout": False}

    @answers("getExtendedTimeout", "setExtendedTimeout")
    def _extended_timeout(self, ask: Mapping[str, Any]) -> Answer:
        known = self._stack.extended_timeouts
        if ask.get("extendedTimeout"):
            known.add(ask["remoteEui64"])
        elif "extendedTimeout" in ask:
            known.discard(ask["remoteEui64"])
        extended = ask["remoteEui64"] in known
        agreed = extended or "extendedTimeout" in ask
        return {"status": OK if agreed else t.sl_Status.FAIL, "extendedTimeout": extended}

    @answers("lookupNodeIdByEui64")
    def _node_of(self, ask: Mapping[str, Any]) -> Answer:
        nwk = self.known.get(ask["eui64"], NO_NODE)
        return {"status": OK if nwk != NO_NODE else t.sl_Status.NOT_FOUND, "nodeId": nwk}

    @answers("lookupEui64ByNodeId")
    def _eui64_of(self, ask: Mapping[str, Any]) -> Answer:
        for eui64, nwk in self.known.items():
            if nwk == ask["nodeId"]:
                return {"status": OK, "eui64": eui64}
        return NOT_FOUND


def _node_data(network: Network) -> t.NV3StackNodeData:
    parameters = network.parameters
    return t.NV3StackNodeData(
        panId=parameters.panId,
        radioTxPower=t.int8s(parameters.radioTxPower),
        radioFreqChannel=parameters.radioChannel,
        stackProfile=t.uint8_t(2),
        nodeType=t.EmberNodeType.COORDINATOR,
        zigbeeNodeId=t.EmberNodeId(0),
        extendedPanId=parameters.extendedPanId,
    )
