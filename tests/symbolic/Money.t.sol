// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {Line, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {AnyLine} from "./AnyLine.sol";

/// @notice What leaves a line arrives, whoever gets it.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2
contract MoneyChecks is AnyLine {
    function setUpSymbolic(Conditions calldata published) external {
        _setUp(published, uint256(type(uint16).max) << 112); // brokerBps
    }

    /// @notice A payment on the way is what the line holds less, divided between the supplier side and the broker.
    function check_payment_is_divided(Terms memory t, uint40 nowAt, uint128 heldAfter) external {
        _begin(t, nowAt, Status.Open);
        uint256 held = escrow.lineOf(escrow.lineId(t)).held;
        _succeed(t.buyer, abi.encodeCall(escrow.pay, (t, heldAfter)));
        assert(payments.paid() == held - heldAfter);
        assert(escrow.lineOf(escrow.lineId(t)).held == heldAfter);
    }

    /// @notice A refund is what the line holds less.
    function check_refund_is_exact(Terms memory t, uint40 nowAt, uint128 heldAfter) external {
        _begin(t, nowAt, Status.Delivered);
        uint256 held = escrow.lineOf(escrow.lineId(t)).held;
        address side = escrow.payeeOf(escrow.lineId(t));
        _succeed(side, abi.encodeCall(escrow.refund, (t, heldAfter)));
        assert(payments.paid() == held - heldAfter);
        assert(escrow.lineOf(escrow.lineId(t)).held == heldAfter);
    }

    /// @notice A retention that ends leaves nothing behind.
    function check_retention_is_paid_out(Terms memory t, uint40 nowAt, address caller) external {
        _begin(t, nowAt, Status.Retained);
        uint256 held = escrow.lineOf(escrow.lineId(t)).held;
        _succeed(caller, abi.encodeCall(escrow.payRetention, (t)));
        Line memory line = escrow.lineOf(escrow.lineId(t));
        assert(payments.paid() == held && line.held == 0 && line.status == Status.Closed);
    }
}
