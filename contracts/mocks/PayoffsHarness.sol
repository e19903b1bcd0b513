// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Rates} from "../escrow/Conditions.sol";
import {Payoff, Payoffs} from "../escrow/Payoffs.sol";
import {Ending, Line, Outcome} from "../escrow/SupplierEscrowTypes.sol";

/// @notice Shows the payoff table, to compare it with the one in Python.
contract PayoffsHarness {
    function payoff(
        Ending ending,
        bool withPenalty,
        Line memory line,
        uint256 amount,
        Rates rates,
        Outcome memory outcome
    ) external pure returns (Payoff memory) {
        if (ending == Ending.Accepted || ending == Ending.DeemedAccepted) {
            return Payoffs.accepted(line, amount, rates);
        }
        if (ending == Ending.Cancelled) return Payoffs.cancelled(line, amount, rates);
        if (ending == Ending.Resigned && !withPenalty) {
            return Payoffs.declined(line, Payoffs.advance(line, amount, rates));
        }
        if (ending == Ending.Resigned || ending == Ending.Terminated) return Payoffs.failed(line, amount, rates);
        if (ending == Ending.RetentionPaid) return Payoffs.retentionEnded(line);
        if (ending == Ending.Defaulted) return Payoffs.defaulted(line, rates);
        return Payoffs.decided(line, amount, rates, outcome);
    }

    function bond(uint256 amount, Rates rates) external pure returns (uint256) {
        return Payoffs.bond(amount, rates);
    }

    function advance(Line memory line, uint256 amount, Rates rates) external pure returns (uint256) {
        return Payoffs.advance(line, amount, rates);
    }

    function brokerage(uint256 amount, Rates rates) external pure returns (uint256) {
        return Payoffs.brokerage(amount, rates);
    }
}
