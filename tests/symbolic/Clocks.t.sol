// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {Delivery, Outcome, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM} from "../invariants/Vm.sol";
import {AnyLine} from "./AnyLine.sol";

/// @notice At every instant exactly one side may act. The parties call themselves; who else may is {CallerChecks}' matter.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2 --solver-timeout-branching 100ms
contract ClockChecks is AnyLine {
    function setUpSymbolic(Conditions calldata published) external {
        _setUp(published, 0);
    }

    /// @notice The buyer rejects until the inspection's end, and from it on silence accepts.
    function check_reject_or_deem_accepted(Terms memory t, uint40 nowAt) external {
        t.inspector = address(0);
        _begin(t, nowAt, Status.Delivered);
        bytes4 reject = _refusal(t.buyer, abi.encodeCall(escrow.reject, (t, "")));
        bytes4 deemAccept = _refusal(t.supplier, abi.encodeCall(escrow.deemAccept, (t, new uint256[](0))));
        assert((reject == LATE) == (deemAccept != EARLY));
    }

    /// @notice A delivery is disputed until silence accepts it.
    function check_dispute_or_deem_accepted(Terms memory t, uint40 nowAt) external {
        _begin(t, nowAt, Status.Delivered);
        bytes4 dispute = _refusal(t.buyer, abi.encodeCall(escrow.dispute, (t, "", "")));
        bytes4 deemAccept = _refusal(t.supplier, abi.encodeCall(escrow.deemAccept, (t, new uint256[](0))));
        assert((dispute == LATE) == (deemAccept != EARLY));
    }

    /// @notice A retention is disputed until it is due.
    function check_dispute_or_pay_retention(Terms memory t, uint40 nowAt) external {
        _begin(t, nowAt, Status.Retained);
        bytes4 dispute = _refusal(t.buyer, abi.encodeCall(escrow.dispute, (t, "", "")));
        bytes4 payRetention = _refusal(t.supplier, abi.encodeCall(escrow.payRetention, (t)));
        assert((dispute == LATE) == (payRetention != EARLY));
    }

    /// @notice While a rejection may be disputed, nobody terminates.
    function check_dispute_or_terminate(Terms memory t, uint40 nowAt) external {
        _begin(t, nowAt, Status.Rejected);
        bytes4 dispute = _refusal(t.supplier, abi.encodeCall(escrow.dispute, (t, "", "")));
        VM.assume(dispute != LATE);
        assert(_refusal(t.buyer, abi.encodeCall(escrow.terminate, (t))) == EARLY);
    }

    /// @notice The arbiter rules until the default applies.
    /// @dev Each against the same instant: both in a row would be all paths of one times all of the other.
    function check_rule_or_default(Terms memory t, uint40 nowAt, bool rules) external {
        _begin(t, nowAt, Status.Disputed);
        Outcome memory nothing;
        uint256 end = escrow.lineOf(escrow.lineId(t)).since + escrow.conditionsOf(conditions).rates.arbitration();
        if (rules) assert((_refusal(t.arbiter, abi.encodeCall(escrow.rule, (t, nothing))) == LATE) == (nowAt >= end));
        else assert((_refusal(t.supplier, abi.encodeCall(escrow.applyDefault, (t))) == EARLY) == (nowAt < end));
    }

    /// @notice Once the supplier may deliver, the buyer can't cancel any more.
    function check_deliver_or_cancel(Terms memory t, uint40 nowAt) external {
        _begin(t, nowAt, Status.Open);
        Delivery memory nothing;
        VM.assume(_refusal(t.supplier, abi.encodeCall(escrow.deliver, (t, nothing))) != EARLY);
        assert(_refusal(t.buyer, abi.encodeCall(escrow.cancel, (t))) == LATE);
    }

    /// @notice Nobody rejects and terminates in one go: the whole cure period lies between.
    function check_reject_then_terminate(Terms memory t, uint40 nowAt, uint40 later) external {
        _begin(t, nowAt, Status.Delivered);
        _succeed(t.inspector == address(0) ? t.buyer : t.inspector, abi.encodeCall(escrow.reject, (t, "")));
        VM.warp(later);
        VM.assume(_refusal(t.buyer, abi.encodeCall(escrow.terminate, (t))) != EARLY);
        assert(later >= nowAt + escrow.conditionsOf(conditions).periods.cure());
    }

    /// @notice A receipt is confirmed before arrival only, so that it can't postpone anything.
    function check_receipt_postpones_nothing(Terms memory t, uint40 nowAt) external {
        _begin(t, nowAt, Status.Delivered);
        uint40 before = escrow.lineOf(escrow.lineId(t)).since;
        _succeed(t.buyer, abi.encodeCall(escrow.confirmReceipt, (t)));
        assert(escrow.lineOf(escrow.lineId(t)).since < before);
    }
}
