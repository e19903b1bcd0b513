// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Batch, Kind, Registration} from "../../contracts/assets/AssetRegistryTypes.sol";
import {IAssetRegistry} from "../../contracts/assets/IAssetRegistry.sol";
import {VM} from "../invariants/Vm.sol";
import {Deployed} from "./Deployed.sol";

/// @notice What a registration says, but for its name and owner.
struct Piece {
    Kind kind;
    uint128 quantity;
    bytes3 unit;
    bytes32 twin;
}

/// @notice Whatever is registered, lent and granted already: an id is given once, and goods go with their owner's will.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2 --storage-layout generic
contract AssetChecks is Deployed {
    // The tokens' library computes with addresses where others would branch, so that these are not any.
    address private constant OWNER = address(0xA11CE);
    address private constant TAKER = address(0xB0B);

    IAssetRegistry private registry;
    address private genealogy;

    function setUp() external {
        address directory = _deploy("Directory", "");
        registry = IAssetRegistry(_deploy("AssetRegistry", abi.encode(directory, address(0))));
        genealogy = address(registry.genealogy());
        VM.setArbitraryStorage(directory);
        VM.setArbitraryStorage(address(registry));
    }

    /// @notice Other names are other ids.
    function check_a_name_has_its_own_id(bytes32 a, bytes8 nameInA, bytes32 b, bytes8 nameInB) external view {
        VM.assume(a != b || nameInA != nameInB);
        assert(registry.assetId(a, _text(nameInA)) != registry.assetId(b, _text(nameInB)));
    }

    /// @notice What is registered was not registered before.
    function check_an_id_is_registered_once(
        bytes32 namespace,
        bytes8 name,
        Piece memory piece,
        address caller,
        uint40 nowAt
    ) external {
        VM.warp(nowAt);
        uint256 id = registry.assetId(namespace, _text(name));
        bool existed = _exists(id);
        Registration memory registration = _registration(name, piece);
        _succeed(caller, abi.encodeCall(IAssetRegistry.register, (namespace, registration)));
        assert(!existed && registry.ownerOf(id) == OWNER);
    }

    /// @notice A unit of a batch becomes a token once, and its batch holds no more units than it says.
    function check_a_unit_is_serialised_once(
        Batch memory batch,
        bytes8 name,
        Piece memory piece,
        address caller,
        uint40 nowAt
    ) external {
        VM.warp(nowAt);
        uint256 id = registry.assetId(batch.namespace, _text(name));
        bool existed = _exists(id);
        Registration memory unit = _registration(name, piece);
        uint64 before = registry.progressOf(registry.batchId(batch)).serialised;
        VM.assume(before <= batch.count);
        _succeed(caller, abi.encodeCall(IAssetRegistry.serialise, (batch, unit, new bytes32[](0))));
        assert(!existed && registry.ownerOf(id) == OWNER);
        uint64 serialised = registry.progressOf(registry.batchId(batch)).serialised;
        assert(serialised == before + 1 && serialised <= batch.count);
    }

    /// @notice What the Genealogy alone may do, nobody else does.
    function check_who_draws(uint256 id, uint128 quantity, uint8 flags, bool on, uint8 height, address caller)
        external
    {
        VM.assume(caller != genealogy);
        Registration memory output = _registration("one", Piece(Kind.Lot, quantity, "KGM", 0));
        bytes[5] memory calls = [
            abi.encodeCall(IAssetRegistry.draw, (id, quantity)),
            abi.encodeCall(IAssetRegistry.mark, (id, flags, on)),
            abi.encodeCall(IAssetRegistry.move, (id, TAKER)),
            abi.encodeCall(IAssetRegistry.setHeight, (id, height)),
            abi.encodeCall(IAssetRegistry.registerOutput, (0, output))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            VM.prank(caller);
            (bool done,) = address(registry).call(calls[i]);
            assert(!done);
        }
    }

    /// @notice An asset goes with its owner's will, and not while it is locked.
    function check_who_transfers(address caller, uint40 nowAt) external {
        VM.warp(nowAt);
        bool permitted = caller == OWNER || registry.isApprovedForAll(OWNER, caller) || registry.getApproved(1) == caller;
        bool locked = registry.locked(1);
        _succeed(caller, abi.encodeCall(IAssetRegistry.transferFrom, (OWNER, TAKER, 1)));
        assert(permitted && !locked && registry.ownerOf(1) == TAKER);
    }

    /// @notice What the Genealogy takes out of a lot is what the lot has less, and no other asset's.
    function check_a_draw_is_exact(uint256 lot, uint128 quantity, uint256 other) external {
        VM.assume(lot != other && registry.assetOf(lot).kind == Kind.Lot);
        uint128 before = registry.quantityOf(lot);
        uint128 untouched = registry.quantityOf(other);
        _succeed(genealogy, abi.encodeCall(IAssetRegistry.draw, (lot, quantity)));
        assert(quantity <= before && registry.quantityOf(lot) == before - quantity);
        assert(registry.quantityOf(other) == untouched);
    }

    function _registration(bytes8 name, Piece memory piece) private pure returns (Registration memory) {
        return Registration({
            localId: _text(name),
            kind: piece.kind,
            owner: OWNER,
            quantity: piece.quantity,
            unit: piece.unit,
            twin: piece.twin,
            uri: ""
        });
    }

    function _text(bytes8 name) private pure returns (string memory) {
        return string(abi.encodePacked(name));
    }

    function _exists(uint256 id) private view returns (bool exists) {
        (exists,) = address(registry).staticcall(abi.encodeCall(IAssetRegistry.ownerOf, (id)));
    }

    function _succeed(address caller, bytes memory data) private {
        VM.prank(caller);
        (bool done,) = address(registry).call(data);
        VM.assume(done);
    }
}
