// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Trade conditions that firms agree once and any number of lines refer to: two words, so that an action reads
/// only the one it needs. Durations in seconds; bps = 1/10,000.
struct Conditions {
    Rates rates;
    Periods periods;
}

/// @notice Shares of money, and the clocks that an inspection and a dispute need. Field n, from the lowest bit:
/// 0 advanceBps        16 of amount: paid at opening, secured by the bond only
/// 1 bondBps           16 of amount: the supplier's security deposit, from its free balance
/// 2 cancelBps         16 of amount: due to the supplier side when the buyer cancels
/// 3 retentionBps      16 of what acceptance would pay: held back as warranty
/// 4 lateBps           16 of amount, per commenced interval
/// 5 maxLateBps        16 of amount: late damages end here
/// 6 defaultSupplierBps 16 of what is held: the supplier side's share when no ruling comes
/// 7 brokerBps         16 of whatever goes to the supplier side, at most 500
/// 8 arbiterFeeBps     16 of amount: deposited by who disputes, at most 500; zero without an arbiter
/// 9 maxRejections      8 at most 16; then the buyer may only accept or dispute
/// 10 inspection       32 1 hour to 1 year
/// 11 arbitration      32 1 hour to 1 year
/// 12 lateEvery        32 late damages fall due per commenced interval, at least 1 hour
/// 13 hasResignPeriod   8 one if resignPeriod is not zero, else zero
type Rates is uint256;

/// @notice Periods of 32 bits each. Field n, from the lowest bit:
/// 14 cancelNotice     the buyer may cancel before dueBy - cancelNotice; at least deliveryWindow
/// 15 resignPeriod     the supplier may decline without penalty this long after opening
/// 16 deliveryWindow   delivery not before dueBy - deliveryWindow
/// 17 longStop         after dueBy; from then on the buyer may terminate; at least cure, at most 2 years
/// 18 transit          longest time from handover to arrival, at most 2 years; zero: delivery means arrival
/// 19 cure             1 hour to 1 year
/// 20 retention        how long retentionBps stay held after acceptance, at most 5 years
/// 21 lateEvery        the same as in Rates
type Periods is uint256;

using ConditionsFields for Rates global;
using ConditionsFields for Periods global;

/// @notice Reads the fields of conditions.
library ConditionsFields {
    function advanceBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r));
    }

    function bondBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 16);
    }

    function cancelBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 32);
    }

    function retentionBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 48);
    }

    function lateBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 64);
    }

    function maxLateBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 80);
    }

    function defaultSupplierBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 96);
    }

    function brokerBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 112);
    }

    function arbiterFeeBps(Rates r) internal pure returns (uint256) {
        return uint16(Rates.unwrap(r) >> 128);
    }

    function maxRejections(Rates r) internal pure returns (uint256) {
        return uint8(Rates.unwrap(r) >> 144);
    }

    function inspection(Rates r) internal pure returns (uint256) {
        return uint32(Rates.unwrap(r) >> 152);
    }

    function arbitration(Rates r) internal pure returns (uint256) {
        return uint32(Rates.unwrap(r) >> 184);
    }

    function lateEvery(Rates r) internal pure returns (uint256) {
        return uint32(Rates.unwrap(r) >> 216);
    }

    function hasResignPeriod(Rates r) internal pure returns (uint256) {
        return Rates.unwrap(r) >> 248;
    }

    function cancelNotice(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p));
    }

    function resignPeriod(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p) >> 32);
    }

    function deliveryWindow(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p) >> 64);
    }

    function longStop(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p) >> 96);
    }

    function transit(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p) >> 128);
    }

    function cure(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p) >> 160);
    }

    function retention(Periods p) internal pure returns (uint256) {
        return uint32(Periods.unwrap(p) >> 192);
    }

    function lateEvery(Periods p) internal pure returns (uint256) {
        return Periods.unwrap(p) >> 224;
    }
}
