// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Line, Status} from "./SupplierEscrowTypes.sol";

/// @notice Reads and writes a line's slot in one piece; the compiler touches it once for each field.
library LineSlot {
    function read(Line storage stored, Line memory line) internal view {
        uint256 word;
        // A Line is one slot; its fields lie from the lowest bit in the order of declaration.
        assembly ("memory-safe") {
            word := sload(stored.slot)
        }
        line.status = Status(uint8(word));
        line.flags = uint8(word >> 8);
        line.rejections = uint8(word >> 16);
        line.since = uint40(word >> 24);
        line.lateIntervals = uint16(word >> 64);
        line.extra = uint40(word >> 80);
        line.held = uint128(word >> 120);
    }

    function write(Line storage stored, Line memory line) internal {
        uint256 word = uint256(line.status) | uint256(line.flags) << 8 | uint256(line.rejections) << 16
            | uint256(line.since) << 24 | uint256(line.lateIntervals) << 64 | uint256(line.extra) << 80
            | uint256(line.held) << 120;
        // The same slot.
        assembly ("memory-safe") {
            sstore(stored.slot, word)
        }
    }
}
