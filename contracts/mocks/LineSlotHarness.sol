// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LineSlot} from "../escrow/LineSlot.sol";
import {Line} from "../escrow/SupplierEscrowTypes.sol";

/// @notice Writes a line by hand and lets the compiler read it, and the other way round.
contract LineSlotHarness {
    using LineSlot for Line;

    Line private stored;

    function writtenByHand(Line calldata line) external returns (Line memory) {
        stored.write(line);
        return stored;
    }

    function readByHand(Line calldata line) external returns (Line memory found) {
        stored = line;
        stored.read(found);
    }
}
