// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";

/// @notice A pattern of hours: from the first to the last, and how many are marked.
struct Pattern {
    uint256 firstHour;
    uint256 lastHour; // inclusive
    uint256 marked;
}

/// @notice Reads patterns of hours: words of 256 hours, a bit each, the first hour in the lowest bit.
library HourMasks {
    uint256 internal constant HOURS_PER_WORD = 256;

    /// @dev The masks are not empty, and the first and the last are not zero.
    function pattern(uint32 firstWord, uint256[] calldata masks) internal pure returns (Pattern memory p) {
        // Lengths of calldata and 32-bit words: no overflow.
        unchecked {
            uint256 last = masks.length - 1;
            p.firstHour = firstWord * HOURS_PER_WORD + LibBit.ffs(masks[0]);
            p.lastHour = (firstWord + last) * HOURS_PER_WORD + LibBit.fls(masks[last]);
            for (uint256 i = 0; i <= last; ++i) {
                p.marked += LibBit.popCount(masks[i]);
            }
        }
    }

    /// @dev Whether the first marked hour and the `length - 1` hours after it are all marked. At least `length` hours are: then no
    /// run goes on behind the last mask.
    function beginsWithRun(uint256[] calldata masks, uint256 length) internal pure returns (bool) {
        uint256 bit = LibBit.ffs(masks[0]);
        for (uint256 i = 0; length != 0; ++i) {
            uint256 here = length < HOURS_PER_WORD - bit ? length : HOURS_PER_WORD - bit;
            uint256 run = (type(uint256).max >> (HOURS_PER_WORD - here)) << bit;
            if (masks[i] & run != run) return false;
            length -= here;
            bit = 0;
        }
        return true;
    }

    /// @dev The hours of a word that begin at `hour` or later.
    function from(uint256 hour, uint256 word) internal pure returns (uint256) {
        uint256 start = word * HOURS_PER_WORD;
        if (hour <= start) return type(uint256).max;
        return hour - start < HOURS_PER_WORD ? type(uint256).max << (hour - start) : 0;
    }
}
