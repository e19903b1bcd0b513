// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {HourMasks, Pattern} from "../capacity/HourMasks.sol";

/// @notice Shows how patterns of hours are read, to prove it for all of them.
contract HourMasksHarness {
    function pattern(uint32 firstWord, uint256[] calldata masks) external pure returns (Pattern memory) {
        return HourMasks.pattern(firstWord, masks);
    }

    function beginsWithRun(uint256[] calldata masks, uint256 length) external pure returns (bool) {
        return HourMasks.beginsWithRun(masks, length);
    }

    function from(uint256 hour, uint256 word) external pure returns (uint256) {
        return HourMasks.from(hour, word);
    }
}
