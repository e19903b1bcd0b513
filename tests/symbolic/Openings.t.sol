// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {Consent, Delivery, LineId, Outcome, Permit, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM} from "../invariants/Vm.sol";
import {AnyLine} from "./AnyLine.sol";

/// @notice Terms open one line once.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2
contract OpeningChecks is AnyLine {
    function setUpSymbolic(Conditions calldata published) external {
        _setUp(published, 0);
    }

    /// @notice A hash that stands for a line, in whatever state, opens in none of the ways to open.
    function check_used_terms_never_open(Terms memory t, uint40 nowAt, Status status, address caller) external {
        VM.assume(status != Status.None);
        _begin(t, nowAt, status);
        (Consent memory buyer, Consent memory supplier, Permit memory permit) = _byCalling();
        assert(_refusal(caller, abi.encodeCall(escrow.open, (t, buyer, supplier, caller))) == WRONG_STATUS);
        bytes memory withPermit = abi.encodeCall(escrow.openWithPermit, (t, buyer, supplier, caller, permit));
        assert(_refusal(caller, withPermit) == WRONG_STATUS);
        Terms[] memory many = new Terms[](1);
        many[0] = t;
        assert(_refusal(caller, abi.encodeCall(escrow.openMany, (many, buyer, supplier, caller))) == WRONG_STATUS);
    }

    /// @notice What opens is a line from then on.
    function check_opening_uses_the_terms(Terms memory t, uint40 nowAt, address caller) external {
        t.opener = caller;
        _begin(t, nowAt, Status.None);
        (Consent memory buyer, Consent memory supplier,) = _byCalling();
        _succeed(caller, abi.encodeCall(escrow.open, (t, buyer, supplier, t.buyer)));
        assert(escrow.lineOf(escrow.lineId(t)).status == Status.Open);
    }

    /// @notice A line that is over can't be changed by anybody, at any time.
    function check_what_is_over_is_over(Terms memory t, uint40 nowAt, bool revoked, address caller, uint128 held)
        external
    {
        _begin(t, nowAt, revoked ? Status.Revoked : Status.Closed);
        Delivery memory nothing;
        uint256[] memory none;
        bytes[14] memory calls = [
            abi.encodeCall(escrow.revoke, (t)),
            abi.encodeCall(escrow.deliver, (t, nothing)),
            abi.encodeCall(escrow.confirmReceipt, (t)),
            abi.encodeCall(escrow.accept, (t, none)),
            abi.encodeCall(escrow.deemAccept, (t, none)),
            abi.encodeCall(escrow.reject, (t, "")),
            abi.encodeCall(escrow.dispute, (t, "", "")),
            abi.encodeCall(escrow.rule, (t, Outcome(held, 0, false))),
            abi.encodeCall(escrow.applyDefault, (t)),
            abi.encodeCall(escrow.pay, (t, held)),
            abi.encodeCall(escrow.refund, (t, held)),
            abi.encodeCall(escrow.extend, (t, nowAt)),
            abi.encodeCall(escrow.resign, (t)),
            abi.encodeCall(escrow.terminate, (t))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            assert(_refusal(caller, calls[i]) == WRONG_STATUS);
        }
    }

    /// @notice Every field of the terms counts.
    function check_other_terms_are_another_line(Terms memory a, Terms memory b) external view {
        VM.assume(keccak256(abi.encode(a)) != keccak256(abi.encode(b)));
        assert(LineId.unwrap(escrow.lineId(a)) != LineId.unwrap(escrow.lineId(b)));
    }

    /// @dev The caller itself consents for both.
    function _byCalling() private pure returns (Consent memory, Consent memory, Permit memory) {}
}
