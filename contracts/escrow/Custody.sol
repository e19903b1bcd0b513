// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {ISupplierEscrow} from "./ISupplierEscrow.sol";
import {LineId, Terms} from "./SupplierEscrowTypes.sol";

/// @notice The goods of a line, from delivery until they are with whom they belong to.
/// @dev One word a line: the first 192 bits of the hash of the delivered list, and a bit for each asset that is still owed. The bits,
/// not ownership in the registry, decide: an asset handed over may come back in another line's custody.
abstract contract Custody is ISupplierEscrow {
    uint256 private constant OWED_BITS = 64;

    /// @inheritdoc ISupplierEscrow
    IAssetRegistry public immutable registry;

    mapping(LineId => uint256) private custodies;

    constructor(IAssetRegistry registry_) {
        registry = registry_;
    }

    /// @inheritdoc ISupplierEscrow
    function custodyOf(LineId id) external view returns (bytes24 assetsHash, uint64 owed) {
        return _custody(id);
    }

    /// @dev Takes the agreed number of assets from the supplier; none if a rejected delivery is still here.
    function _takeGoods(LineId id, Terms memory terms, uint256[] calldata assets) internal {
        uint256 expected = terms.assets;
        if (expected != 0) {
            (, uint64 owed) = _custody(id);
            if (owed != 0) expected = 0;
        }
        if (assets.length != expected) revert SupplierEscrow_WrongAssetCount(id, assets.length, expected);
        if (expected == 0) return;
        bytes32 given = registry.deliverablesOf(assets);
        if (terms.deliverables != 0 && given != terms.deliverables) {
            revert SupplierEscrow_WrongAssets(id, given, terms.deliverables);
        }
        _setCustody(id, _hash(assets), type(uint64).max >> (OWED_BITS - expected));
        for (uint256 i = 0; i < expected; ++i) {
            registry.transferFrom(terms.supplier, address(this), assets[i]);
        }
    }

    /// @dev Hands over what can be handed over; an asset that its registry holds back stays owed.
    function _handOver(LineId id, address to, uint256[] calldata assets) internal returns (uint64 owed) {
        bytes24 expected;
        (expected, owed) = _custody(id);
        bytes24 given = _hash(assets);
        if (given != expected) revert SupplierEscrow_WrongAssets(id, given, expected);
        for (uint256 i = 0; i < assets.length; ++i) {
            uint64 bit = uint64(1) << uint64(i);
            if (owed & bit == 0) continue;
            try registry.transferFrom(address(this), to, assets[i]) {
                owed ^= bit;
            } catch {} // owed still: nothing that stops goods may stop money
        }
        _setCustody(id, owed == 0 ? bytes24(0) : expected, owed);
        emit GoodsHandedOver(id, to, assets, owed);
    }

    function _custody(LineId id) internal view returns (bytes24 assetsHash, uint64 owed) {
        uint256 word = custodies[id];
        return (bytes24(bytes32(word)), uint64(word));
    }

    function _setCustody(LineId id, bytes24 assetsHash, uint64 owed) private {
        custodies[id] = uint256(bytes32(assetsHash)) | owed;
    }

    function _hash(uint256[] calldata assets) private pure returns (bytes24) {
        return bytes24(keccak256(abi.encode(assets)));
    }
}
