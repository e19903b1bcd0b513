// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Operator,
    ROLE_CHANGE,
    ROLE_FINANCE,
    ROLE_OPEN,
    ROLE_QUALITY
} from "../../contracts/directory/DirectoryTypes.sol";
import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {
    Consent,
    Consents,
    Delivery,
    FLAG_ASSIGNED,
    Outcome,
    Status,
    Terms
} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM} from "../invariants/Vm.sol";
import {AnyLine} from "./AnyLine.sol";

/// @notice Whoever calls, with any roles lent to anybody: what succeeds was called by somebody who may.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2
contract CallerChecks is AnyLine {
    function setUpSymbolic(Conditions calldata published) external {
        _setUp(published, 0);
    }

    function check_who_delivers(Terms memory t, uint40 nowAt, address caller) external {
        _begin(t, nowAt, Status.Open);
        Delivery memory nothing;
        _succeed(caller, abi.encodeCall(escrow.deliver, (t, nothing)));
        assert(_actsFor(t.supplier, caller, ROLE_QUALITY, nowAt));
    }

    function check_who_rejects(Terms memory t, uint40 nowAt, address caller) external {
        _begin(t, nowAt, Status.Delivered);
        _succeed(caller, abi.encodeCall(escrow.reject, (t, "")));
        assert(_actsFor(t.inspector == address(0) ? t.buyer : t.inspector, caller, ROLE_QUALITY, nowAt));
    }

    function check_who_pays(Terms memory t, uint40 nowAt, address caller, uint128 heldAfter) external {
        _begin(t, nowAt, Status.Open);
        _succeed(caller, abi.encodeCall(escrow.pay, (t, heldAfter)));
        assert(_actsFor(t.buyer, caller, ROLE_FINANCE, nowAt));
    }

    function check_who_refunds(Terms memory t, uint40 nowAt, address caller, uint128 heldAfter) external {
        _begin(t, nowAt, Status.Open);
        address side = _supplierSide(t);
        _succeed(caller, abi.encodeCall(escrow.refund, (t, heldAfter)));
        assert(_actsFor(side, caller, ROLE_FINANCE, nowAt));
    }

    function check_who_extends(Terms memory t, uint40 nowAt, address caller, uint40 extra) external {
        _begin(t, nowAt, Status.Open);
        _succeed(caller, abi.encodeCall(escrow.extend, (t, extra)));
        assert(_actsFor(t.buyer, caller, ROLE_CHANGE, nowAt));
    }

    function check_who_terminates(Terms memory t, uint40 nowAt, address caller) external {
        _begin(t, nowAt, Status.Open);
        _succeed(caller, abi.encodeCall(escrow.terminate, (t)));
        assert(_actsFor(t.buyer, caller, ROLE_CHANGE, nowAt));
    }

    function check_who_rules(Terms memory t, uint40 nowAt, address caller, Outcome memory outcome) external {
        _begin(t, nowAt, Status.Disputed);
        _succeed(caller, abi.encodeCall(escrow.rule, (t, outcome)));
        assert(caller == t.arbiter);
    }

    function check_who_resigns(Terms memory t, uint40 nowAt, address caller) external {
        _begin(t, nowAt, Status.Open);
        _succeed(caller, abi.encodeCall(escrow.resign, (t)));
        assert(_actsFor(t.supplier, caller, ROLE_CHANGE, nowAt));
    }

    function check_who_revokes(Terms memory t, uint40 nowAt, address caller) external {
        _begin(t, nowAt, Status.None);
        _succeed(caller, abi.encodeCall(escrow.revoke, (t)));
        assert(_actsFor(t.buyer, caller, ROLE_OPEN, nowAt) || _actsFor(t.supplier, caller, ROLE_OPEN, nowAt));
    }

    /// @notice The receivable is sold by whom it belongs to, and by no operator.
    function check_who_assigns(Terms memory t, uint40 nowAt, address caller, address payee, uint40 deadline) external {
        _begin(t, nowAt, Status.Open);
        address side = _supplierSide(t);
        Consent memory byCalling;
        _succeed(caller, abi.encodeCall(escrow.assign, (t, payee, deadline, byCalling)));
        assert(caller == side);
    }

    /// @notice Without a signature nobody settles: no caller speaks for both sides.
    function check_nobody_settles_alone(Terms memory t, uint40 nowAt, address caller, Outcome memory o, uint40 deadline)
        external
    {
        _begin(t, nowAt, Status.Open);
        Consents memory byCalling;
        assert(_refusal(caller, abi.encodeCall(escrow.settle, (t, o, deadline, byCalling))) != PASSES);
    }

    function _supplierSide(Terms memory t) private view returns (address) {
        bool assigned = escrow.lineOf(escrow.lineId(t)).flags & FLAG_ASSIGNED != 0;
        return assigned ? escrow.payeeOf(escrow.lineId(t)) : t.supplier;
    }

    /// @dev In words of its own what {Directory.mayAct} and the principal itself may.
    function _actsFor(address principal, address caller, uint16 role, uint40 nowAt) private view returns (bool) {
        if (caller == principal) return true;
        Operator memory lent = directory.operatorOf(principal, caller);
        return lent.roles & role != 0 && nowAt < lent.until;
    }
}
