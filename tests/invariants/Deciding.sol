// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Consent,
    Consents, LineId, Outcome, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Call} from "./Books.sol";
import {Opening} from "./Opening.sol";
import {VM} from "./Vm.sol";

/// @notice Outcomes that an arbiter rules or the parties agree, and all ways in which they agree.
abstract contract Deciding is Opening {
    bytes32 private constant OUTCOME_TYPEHASH =
        keccak256("Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)");
    bytes32 private constant SETTLEMENT_TYPEHASH = keccak256(
        "Settlement(bytes32 id,Outcome outcome,uint40 deadline)"
        "Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)"
    );

    /// @dev Shares of what is there, by chance beyond it.
    function _outcome(uint256 index) private returns (Outcome memory) {
        return Outcome(_share(_line(index).held), _share(deals[index].bond), _oneIn(2));
    }

    function _share(uint256 whole) private returns (uint128) {
        uint256 kind = _random(6);
        if (kind == 0) return 0;
        if (kind == 1) return uint128(_least(whole + 1 + _random(1e12), type(uint128).max));
        if (kind == 2) return type(uint128).max;
        return uint128(kind == 3 ? whole : _random(whole + 1));
    }

    function _ruling(address caller, uint256 index) internal returns (Call memory call) {
        Terms memory terms = deals[index].terms;
        Outcome memory outcome = _outcome(index);
        call = _call(caller, terms.token, abi.encodeCall(ESCROW.rule, (terms, outcome)));
        call.outcome = outcome;
    }

    /// @dev Both consent, one of them perhaps by calling.
    function _settlement(uint256 index) internal returns (Call memory call) {
        Terms memory terms = deals[index].terms;
        (Outcome memory outcome, uint40 deadline) = (_outcome(index), uint40(block.timestamp + 1 + _random(3 days)));
        bytes32 digest = _settlementDigest(deals[index].id, outcome, deadline);
        Way memory way = _wayWithout(terms, digest, new bytes32[](0));
        call = _settling(terms, outcome, deadline, way);
        call.outcome = outcome;
        if (way.buyer.signer == address(0)) call.entitled = [terms.buyer, terms.buyer, terms.buyer];
        if (way.supplier.signer == address(0)) call.entitled = [terms.supplier, terms.supplier, terms.supplier];
    }

    /// @dev Both signed, but something else than what a stranger brings.
    function _misquoted(uint256 index) internal returns (Call memory) {
        Terms memory terms = deals[index].terms;
        (Outcome memory outcome, uint40 deadline) = (_outcome(index), uint40(block.timestamp + 1));
        uint256 field = _random(5);
        LineId id = field == 0 ? ESCROW.lineId(_termsBeside(terms)) : deals[index].id;
        Way memory way = _bothSigned(terms, _settlementDigest(id, outcome, deadline), STRANGER);
        if (field == 1) outcome.toSupplier ^= 1;
        if (field == 2) outcome.bondToBuyer ^= 1;
        if (field == 3) outcome.goodsToBuyer = !outcome.goodsToBuyer;
        if (field == 4) ++deadline;
        return _settling(terms, outcome, deadline, way);
    }

    /// @dev Not both signed, or what they signed has lapsed.
    function _unagreed(uint256 index) internal returns (Call memory) {
        Terms memory terms = deals[index].terms;
        (Outcome memory outcome, uint40 deadline) = (_outcome(index), uint40(block.timestamp + 1));
        Way memory way = _bothSigned(terms, _settlementDigest(deals[index].id, outcome, deadline), STRANGER);
        uint256 kind = _random(5);
        Consent memory none;
        if (kind == 0) way.buyer = none;
        if (kind == 1) way.supplier = none;
        if (kind == 2) way.buyer = way.supplier;
        if (kind == 3) way.supplier = way.buyer;
        if (kind == 4) VM.warp(deadline);
        return _settling(terms, outcome, deadline, way);
    }

    function _settling(Terms memory terms, Outcome memory outcome, uint40 deadline, Way memory way)
        private
        view
        returns (Call memory)
    {
        Consents memory consents;
        (consents.buyer, consents.supplier) = (way.buyer, way.supplier);
        bytes memory data = abi.encodeCall(ESCROW.settle, (terms, outcome, deadline, consents));
        return _call(way.caller, terms.token, data);
    }

    function _settlementDigest(LineId id, Outcome memory outcome, uint40 deadline) private view returns (bytes32) {
        bytes32 hash = keccak256(abi.encode(OUTCOME_TYPEHASH, outcome));
        return _digest(keccak256(abi.encode(SETTLEMENT_TYPEHASH, id, hash, deadline)));
    }
}
