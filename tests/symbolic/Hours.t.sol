// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pattern} from "../../contracts/capacity/HourMasks.sol";
import {VM} from "../invariants/Vm.sol";
import {Deployed} from "./Deployed.sol";

/// @dev contracts/mocks/HourMasksHarness.sol, from outside.
interface IHourMasks {
    function pattern(uint32 firstWord, uint256[] calldata masks) external view returns (Pattern memory);
    function beginsWithRun(uint256[] calldata masks, uint256 length) external view returns (bool);
    function from(uint256 hour, uint256 word) external view returns (uint256);
}

/// @notice Patterns of hours in two words, whatever they are and wherever they cross the border between them.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2
contract HourChecks is Deployed {
    uint256 private constant BITS = 256;

    IHourMasks private masks;

    function setUp() external {
        masks = IHourMasks(_deploy("HourMasksHarness", ""));
    }

    /// @notice The first hour is marked, and none before it is.
    function check_a_pattern_begins_where_it_does(uint32 firstWord, uint256 mask, uint8 bit) external view {
        VM.assume(mask != 0);
        uint256 first = masks.pattern(firstWord, _two(mask, 1)).firstHour - uint256(firstWord) * BITS;
        assert(first < BITS && mask >> first & 1 == 1);
        if (mask >> bit & 1 == 1) assert(bit >= first);
    }

    /// @notice The last hour is marked, and none after it is.
    function check_a_pattern_ends_where_it_does(uint32 firstWord, uint256 mask, uint8 bit) external view {
        VM.assume(mask != 0);
        uint256 last = masks.pattern(firstWord, _two(1, mask)).lastHour - (uint256(firstWord) + 1) * BITS;
        assert(last < BITS && mask >> last & 1 == 1);
        if (mask >> bit & 1 == 1) assert(bit <= last);
    }

    /// @notice The hours of two words are counted together.
    function check_the_hours_of_two_words_add_up(uint256 low, uint256 high) external view {
        VM.assume(low != 0 && high != 0);
        uint256 both = masks.pattern(0, _two(low, high)).marked;
        assert(both == masks.pattern(0, _one(low)).marked + masks.pattern(0, _one(high)).marked);
    }

    /// @notice A run has no gap, over the border neither.
    function check_a_run_is_unbroken(uint256 low, uint256 high, uint16 length, uint16 step) external view {
        VM.assume(low != 0 && high != 0 && step < length && length <= BITS);
        VM.assume(masks.beginsWithRun(_two(low, high), length));
        uint256 hour = masks.pattern(0, _two(low, high)).firstHour + step;
        assert((hour < BITS ? low >> hour : high >> (hour - BITS)) & 1 == 1);
    }

    /// @notice What is from an hour on is every later hour of a word, and no earlier one.
    function check_what_is_ahead(uint40 hour, uint32 word, uint8 bit) external view {
        bool ahead = masks.from(hour, word) >> bit & 1 == 1;
        assert(ahead == (uint256(word) * BITS + bit >= hour));
    }

    function _one(uint256 mask) private pure returns (uint256[] memory made) {
        made = new uint256[](1);
        made[0] = mask;
    }

    function _two(uint256 low, uint256 high) private pure returns (uint256[] memory made) {
        made = new uint256[](2);
        (made[0], made[1]) = (low, high);
    }
}
