// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions, Periods, Rates} from "../../contracts/escrow/Conditions.sol";

/// @notice The trade conditions of the campaign: usual ones, and some at the edges of what can be published.
library TradeSets {
    uint256 internal constant COUNT = 5;
    uint256 internal constant PLAIN = 0;
    /// @dev The set that has everything: advance, bond, retention, fees, transit, rejections, a period to resign.
    uint256 internal constant TOOLING = 2;

    /// @dev Shares: advance, bond, cancel, retention, late, maxLate, defaultSupplier, broker, arbiterFee.
    /// Clocks: inspection, arbitration, lateEvery, cancelNotice, resignPeriod, deliveryWindow, longStop, transit, cure,
    /// retention.
    function get(uint256 index) internal pure returns (Conditions memory) {
        if (index == PLAIN) return _plain();
        if (index == 1) return _machineTime();
        if (index == TOOLING) return _tooling();
        return index == 3 ? _harsh() : _dusty();
    }

    function _plain() private pure returns (Conditions memory) {
        return _pack(
            [uint16(0), 0, 1_000, 0, 100, 500, 5_000, 0, 0],
            2,
            [uint32(5 days), 30 days, 1 days, 7 days, 0, 7 days, 21 days, 3 days, 14 days, 0]
        );
    }

    function _machineTime() private pure returns (Conditions memory) {
        return _pack(
            [uint16(0), 1_000, 500, 0, 50, 1_000, 5_000, 250, 0],
            3,
            [uint32(2 days), 30 days, 1 hours, 2 days, 1 days, 2 days, 14 days, 0, 7 days, 0]
        );
    }

    function _tooling() private pure returns (Conditions memory) {
        return _pack(
            [uint16(3_000), 3_333, 3_500, 1_000, 77, 777, 4_999, 333, 111],
            16,
            [uint32(10 days), 30 days, 7 days, 10 days, 3 days, 10 days, 30 days, 5 days, 14 days, 90 days]
        );
    }

    /// @dev Everything is paid in advance and secured in full; every clock is as short as can be.
    function _harsh() private pure returns (Conditions memory) {
        return _pack(
            [uint16(10_000), 10_000, 10_000, 10_000, 10_000, 10_000, 10_000, 500, 500],
            1,
            [uint32(1 hours), 1 hours, 1 hours, 0, 30 days, 0, 1 hours, 0, 1 hours, 0]
        );
    }

    /// @dev Shares that never come out even; no rejection, no notice short enough, a year to deliver.
    function _dusty() private pure returns (Conditions memory) {
        return _pack(
            [uint16(1), 9_999, 1, 7_777, 3, 9_999, 1, 1, 0],
            0,
            [uint32(1 days), 1 hours, 1 hours, 365 days, 0, 365 days, 365 days, 1 days, 1 days, 5 * 365 days]
        );
    }

    function _pack(uint16[9] memory shares, uint256 maxRejections, uint32[10] memory clocks)
        private
        pure
        returns (Conditions memory)
    {
        uint256 rates = maxRejections << 144;
        for (uint256 i = 0; i < 9; ++i) {
            rates |= uint256(shares[i]) << (16 * i);
        }
        for (uint256 i = 0; i < 3; ++i) {
            rates |= uint256(clocks[i]) << (152 + 32 * i);
        }
        if (clocks[4] != 0) rates |= 1 << 248;
        uint256 periods = uint256(clocks[2]) << 224;
        for (uint256 i = 3; i < 10; ++i) {
            periods |= uint256(clocks[i]) << (32 * (i - 3));
        }
        return Conditions(Rates.wrap(rates), Periods.wrap(periods));
    }
}
