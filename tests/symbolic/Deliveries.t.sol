// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions, Periods, Rates} from "../../contracts/escrow/Conditions.sol";
import {Delivery, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM} from "../invariants/Vm.sol";
import {AnyLine} from "./AnyLine.sol";

/// @notice Until the long stop the supplier may deliver, from it on the buyer may terminate.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2 --solver-timeout-branching 5s
contract DeliveryChecks is AnyLine {
    uint256 private constant LATE_EVERY = 1 << 16; // seconds

    /// @dev A delivery counts late intervals: a quotient that solvers find hard, unless it is a shift, and on which no time depends.
    function setUpSymbolic(Conditions memory published) external {
        published.rates = Rates.wrap(uint216(Rates.unwrap(published.rates)) | LATE_EVERY << 216);
        published.periods = Periods.wrap(uint224(Periods.unwrap(published.periods)) | LATE_EVERY << 224);
        _setUp(published, 0);
    }

    /// @notice While the supplier may deliver, the buyer can't terminate.
    function check_deliver_or_terminate(Terms memory t, uint40 nowAt) external {
        (bytes4 deliver, bytes4 terminate) = _refusals(t, nowAt, Status.Open);
        VM.assume(deliver == PASSES);
        assert(terminate == EARLY);
    }

    /// @notice While the supplier may deliver again what was rejected, the buyer can't terminate either.
    function check_redeliver_or_terminate(Terms memory t, uint40 nowAt) external {
        (bytes4 deliver, bytes4 terminate) = _refusals(t, nowAt, Status.Rejected);
        VM.assume(deliver == PASSES);
        assert(terminate == EARLY);
    }

    /// @notice Without a gap: from the instant at which it is too late to deliver, it is not too early to terminate.
    function check_too_late_or_too_early(Terms memory t, uint40 nowAt, bool rejected) external {
        (bytes4 deliver, bytes4 terminate) = _refusals(t, nowAt, rejected ? Status.Rejected : Status.Open);
        assert((deliver == LATE) == (terminate != EARLY));
    }

    /// @dev Why the supplier can't deliver, and why the buyer can't terminate.
    function _refusals(Terms memory t, uint40 nowAt, Status status)
        private
        returns (bytes4 deliver, bytes4 terminate)
    {
        _begin(t, nowAt, status);
        Delivery memory nothing;
        deliver = _refusal(t.supplier, abi.encodeCall(escrow.deliver, (t, nothing)));
        terminate = _refusal(t.buyer, abi.encodeCall(escrow.terminate, (t)));
    }
}
