// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Kind, Status} from "./AssetRegistryTypes.sol";

/// @notice The 96 bits beside an asset's owner, from the lowest:
/// `kind 4 | status 4 | flags 8 | height 8 | twinVersion 32 | registeredAt 40`.
type AssetWord is uint96;

using AssetWords for AssetWord global;

/// @notice Reads the fields of an AssetWord and replaces one at a time.
library AssetWords {
    uint96 private constant STATUS_SHIFT = 4;
    uint96 private constant FLAGS_SHIFT = 8;
    uint96 private constant HEIGHT_SHIFT = 16;
    uint96 private constant TWIN_SHIFT = 24;
    uint96 private constant REGISTERED_SHIFT = 56;

    /// @dev The word of a new asset: Active, without flags, nothing below it.
    function create(Kind kind_, uint32 twinVersion_, uint40 registeredAt_) internal pure returns (AssetWord) {
        uint96 times = (uint96(registeredAt_) << REGISTERED_SHIFT) | (uint96(twinVersion_) << TWIN_SHIFT);
        return AssetWord.wrap(times | uint96(uint8(kind_)));
    }

    function kind(AssetWord word) internal pure returns (Kind) {
        return Kind(AssetWord.unwrap(word) & 0xf);
    }

    function status(AssetWord word) internal pure returns (Status) {
        return Status((AssetWord.unwrap(word) >> STATUS_SHIFT) & 0xf);
    }

    function flags(AssetWord word) internal pure returns (uint8) {
        return uint8(AssetWord.unwrap(word) >> FLAGS_SHIFT);
    }

    function height(AssetWord word) internal pure returns (uint8) {
        return uint8(AssetWord.unwrap(word) >> HEIGHT_SHIFT);
    }

    function twinVersion(AssetWord word) internal pure returns (uint32) {
        return uint32(AssetWord.unwrap(word) >> TWIN_SHIFT);
    }

    function registeredAt(AssetWord word) internal pure returns (uint40) {
        return uint40(AssetWord.unwrap(word) >> REGISTERED_SHIFT);
    }

    function withStatus(AssetWord word, Status value) internal pure returns (AssetWord) {
        return _with(word, STATUS_SHIFT, 0xf, uint8(value));
    }

    function withFlags(AssetWord word, uint8 value) internal pure returns (AssetWord) {
        return _with(word, FLAGS_SHIFT, type(uint8).max, value);
    }

    function withHeight(AssetWord word, uint8 value) internal pure returns (AssetWord) {
        return _with(word, HEIGHT_SHIFT, type(uint8).max, value);
    }

    function withTwinVersion(AssetWord word, uint32 value) internal pure returns (AssetWord) {
        return _with(word, TWIN_SHIFT, type(uint32).max, value);
    }

    function _with(AssetWord word, uint96 shift, uint96 mask, uint96 value) private pure returns (AssetWord) {
        return AssetWord.wrap((AssetWord.unwrap(word) & ~(mask << shift)) | (value << shift));
    }
}
