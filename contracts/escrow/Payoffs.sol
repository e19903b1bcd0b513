// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Rates} from "./Conditions.sol";
import {
    FLAG_AMENDED,
    FLAG_GOODS_TO_BUYER,
    FLAG_RETENTION_DISPUTED,
    Line,
    Outcome
} from "./SupplierEscrowTypes.sol";

/// @notice What an ending does with a line's money, bond and goods. Base units; `toSupplierSide` is before brokerage.
struct Payoff {
    uint256 toSupplierSide;
    uint256 toBuyer;
    uint256 retained; // stays held
    uint256 bondToBuyer; // the rest of the bond goes back to the supplier
    bool goodsToBuyer;
}

/// @notice The payoff table: for every ending, who gets what. Everything adds up to what the line held (and the advance, if it is
/// returned).
/// @dev `fabricant.domain.escrow` has the same table, and tests compare both. Bond, damages and retention round up,
/// everything else down.
library Payoffs {
    uint256 private constant FULL = 10_000;

    /// @dev Accepted or deemed accepted; the whole retention, if the buyer accepts while disputing it.
    function accepted(Line memory line, uint256 amount, Rates rates) internal pure returns (Payoff memory p) {
        p.goodsToBuyer = true;
        if (line.flags & FLAG_RETENTION_DISPUTED != 0) {
            p.toSupplierSide = line.held;
            return p;
        }
        // 16 bits times 16 bits; what is taken from something is at most that (shares are at most 10,000 bps).
        unchecked {
            uint256 lateBps = _min(rates.maxLateBps(), line.lateIntervals * rates.lateBps());
            p.toBuyer = _min(line.held, _up(amount, lateBps));
            uint256 rest = line.held - p.toBuyer;
            p.retained = _up(rest, rates.retentionBps());
            p.toSupplierSide = rest - p.retained;
        }
    }

    /// @dev The buyer cancels in good time: the agreed compensation, less what the advance paid already.
    function cancelled(Line memory line, uint256 amount, Rates rates) internal pure returns (Payoff memory p) {
        uint256 fee = _down(amount, rates.cancelBps());
        uint256 paid = advance(line, amount, rates);
        p.toSupplierSide = fee > paid ? _min(line.held, fee - paid) : 0;
        p.toBuyer = line.held - p.toSupplierSide;
    }

    /// @dev The supplier does not perform: resigned with penalty, or terminated after the long stop.
    function failed(Line memory line, uint256 amount, Rates rates) internal pure returns (Payoff memory p) {
        p.toBuyer = line.held;
        p.bondToBuyer = bond(amount, rates);
    }

    /// @dev The supplier declines in good time, and returns the advance from its free balance.
    function declined(Line memory line, uint256 returned) internal pure returns (Payoff memory p) {
        p.toBuyer = line.held + returned;
    }

    /// @dev The warranty is over.
    function retentionEnded(Line memory line) internal pure returns (Payoff memory p) {
        p.toSupplierSide = line.held;
        p.goodsToBuyer = true;
    }

    /// @dev Ruled, settled or amended: as decided, within what is there (so that a late `pay` can't veto a ruling). Accepted goods
    /// stay the buyer's.
    function decided(Line memory line, uint256 amount, Rates rates, Outcome memory outcome)
        internal
        pure
        returns (Payoff memory p)
    {
        p.toSupplierSide = _min(outcome.toSupplier, line.held);
        p.toBuyer = line.held - p.toSupplierSide;
        p.bondToBuyer = _min(outcome.bondToBuyer, bond(amount, rates));
        p.goodsToBuyer = outcome.goodsToBuyer || line.flags & FLAG_GOODS_TO_BUYER != 0;
    }

    /// @dev Nobody ruled: the agreed split, without late damages. Accepted goods stay the buyer's.
    function defaulted(Line memory line, Rates rates) internal pure returns (Payoff memory p) {
        p.toSupplierSide = _down(line.held, rates.defaultSupplierBps());
        p.toBuyer = line.held - p.toSupplierSide;
        p.goodsToBuyer = rates.defaultSupplierBps() >= FULL / 2 || line.flags & FLAG_RETENTION_DISPUTED != 0;
    }

    /// @dev What was paid at opening. An amended line paid none.
    function advance(Line memory line, uint256 amount, Rates rates) internal pure returns (uint256) {
        return line.flags & FLAG_AMENDED != 0 ? 0 : _down(amount, rates.advanceBps());
    }

    function bond(uint256 amount, Rates rates) internal pure returns (uint256) {
        return _up(amount, rates.bondBps());
    }

    /// @dev What a disputant deposits for the arbiter.
    function arbiterFee(uint256 amount, Rates rates) internal pure returns (uint256) {
        return _down(amount, rates.arbiterFeeBps());
    }

    function brokerage(uint256 amount, Rates rates) internal pure returns (uint256) {
        return _down(amount, rates.brokerBps());
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _down(uint256 amount, uint256 bps) private pure returns (uint256) {
        // Amounts have 128 bits and bps 16: no overflow.
        unchecked {
            return amount * bps / FULL;
        }
    }

    function _up(uint256 amount, uint256 bps) private pure returns (uint256) {
        // As above.
        unchecked {
            return (amount * bps + FULL - 1) / FULL;
        }
    }
}
