// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ROLE_CHANGE} from "../../contracts/directory/DirectoryTypes.sol";
import {Consent, Consents, LineId, Outcome, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
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
    bytes32 private constant AMENDMENT_TYPEHASH = keccak256(
        "Amendment(bytes32 oldId,bytes32 newId,Outcome outcome,uint40 deadline)"
        "Outcome(uint128 toSupplier,uint128 bondToBuyer,bool goodsToBuyer)"
    );
    bytes32 private constant ASSIGNMENT_TYPEHASH = keccak256("Assignment(bytes32 id,address payee,uint40 deadline)");

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
        Way memory way = _wayWithout(terms, digest, new bytes32[](0), ROLE_CHANGE);
        _addPayee(way, index, digest);
        call = _settling(terms, outcome, deadline, way);
        (call.outcome, call.roles) = (outcome, ROLE_CHANGE);
        if (way.buyer.signer == address(0)) call.entitled = [terms.buyer, terms.buyer, terms.buyer];
        if (way.supplier.signer == address(0)) call.entitled = [terms.supplier, terms.supplier, terms.supplier];
    }

    /// @dev Both signed, but something else than what a stranger brings.
    function _misquoted(uint256 index) internal returns (Call memory) {
        Terms memory terms = deals[index].terms;
        (Outcome memory outcome, uint40 deadline) = (_outcome(index), uint40(block.timestamp + 1));
        uint256 field = _random(5);
        LineId id = field == 0 ? ESCROW.lineId(_termsBeside(terms)) : deals[index].id;
        bytes32 digest = _settlementDigest(id, outcome, deadline);
        Way memory way = _bothSigned(terms, digest, STRANGER);
        _addPayee(way, index, digest);
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
        bytes32 digest = _settlementDigest(deals[index].id, outcome, deadline);
        Way memory way = _bothSigned(terms, digest, STRANGER);
        _addPayee(way, index, digest);
        uint256 kind = _random(deals[index].payee == address(0) ? 5 : 7);
        Consent memory none;
        if (kind == 0) way.buyer = none;
        if (kind == 1) way.supplier = none;
        if (kind == 2) way.buyer = way.supplier;
        if (kind == 3) way.supplier = way.buyer;
        if (kind == 4) VM.warp(deadline);
        if (kind == 5) way.payee = none;
        if (kind == 6) way.payee = way.supplier;
        return _settling(terms, outcome, deadline, way);
    }

    function _settling(Terms memory terms, Outcome memory outcome, uint40 deadline, Way memory way)
        private
        view
        returns (Call memory)
    {
        bytes memory data = abi.encodeCall(ESCROW.settle, (terms, outcome, deadline, _consents(way)));
        return _call(way.caller, terms.token, data);
    }

    function _consents(Way memory way) private pure returns (Consents memory) {
        return Consents({buyer: way.buyer, supplier: way.supplier, payee: way.payee});
    }

    /// @dev A change order between the parties: another price and date, work in progress paid.
    function _amendment(uint256 index) internal returns (Call memory call) {
        Terms memory terms = deals[index].terms;
        uint256 next = _draft(_termsBeside(terms), _oneIn(4) ? 1 : 0);
        deals[next].amended = true;
        (Outcome memory outcome, uint40 deadline) = (_outcome(index), uint40(block.timestamp + 1 + _random(3 days)));
        bytes32 digest = _amendmentDigest(index, next, outcome, deadline);
        Way memory way = _wayToAmend(terms, digest);
        _addPayee(way, index, digest);
        _secure(deals[next].terms, deals[next].bond);
        call = _amending(index, next, outcome, deadline, way);
        (call.outcome, call.roles) = (outcome, ROLE_CHANGE);
        if (way.buyer.signer == address(0)) call.entitled = [terms.buyer, terms.buyer, terms.buyer];
        if (way.supplier.signer == address(0)) call.entitled = [terms.supplier, terms.supplier, terms.supplier];
        if (terms.opener == MARKET) call.entitled = [MARKET, MARKET, MARKET];
    }

    function _amending(uint256 index, uint256 next, Outcome memory outcome, uint40 deadline, Way memory way)
        private
        returns (Call memory call)
    {
        Terms memory terms = deals[next].terms;
        bytes memory data = abi.encodeCall(
            ESCROW.amend, (deals[index].terms, terms, outcome, deadline, _consents(way), way.payer)
        );
        call = _call(way.caller, terms.token, data);
        uint256 held = _line(index).held;
        uint256 share = held - _least(outcome.toSupplier, held) + _least(outcome.bondToBuyer, deals[index].bond);
        _fund(call, terms, way.payer, terms.amount - _least(share, terms.amount));
    }

    /// @dev The receivable is sold, to the factor or to its firm.
    function _assignment(uint256 index) internal returns (Call memory call) {
        (address payee, uint40 deadline) = (_oneIn(2) ? FACTOR : FACTOR_FIRM, uint40(block.timestamp + 1 + _random(9)));
        call = _assigning(_supplierSide(deals[index]), index, payee, deadline, deadline);
        call.entitled = [call.caller, call.caller, call.caller];
    }

    /// @dev By somebody else, with the consent of before, or with a consent to something else.
    function _misassignment(uint256 index) internal returns (Call memory) {
        uint40 deadline = uint40(block.timestamp + 1 + _random(9));
        uint256 kind = _random(4);
        address side = _supplierSide(deals[index]);
        if (kind == 0) return _assigning(deals[index].terms.buyer, index, FACTOR, deadline, deadline);
        if (kind == 1) return _assigning(_operatorOf(side) == side ? STRANGER : _operatorOf(side), index, FACTOR, deadline, deadline);
        if (kind == 2) return _assigning(side, index, FACTOR, deadline, deadline + 1);
        _make(_assigning(side, index, FACTOR, deadline, deadline));
        return _assigning(FACTOR, index, FACTOR, deadline, deadline);
    }

    function _assigning(address caller, uint256 index, address payee, uint40 deadline, uint40 signed)
        private
        returns (Call memory)
    {
        bytes32 digest = _digest(keccak256(abi.encode(ASSIGNMENT_TYPEHASH, deals[index].id, payee, signed)));
        Consent memory consent = _signed(payee, FACTOR, digest, new bytes32[](0));
        Terms memory terms = deals[index].terms;
        return _call(caller, terms.token, abi.encodeCall(ESCROW.assign, (terms, payee, deadline, consent)));
    }

    function _amendmentDigest(uint256 index, uint256 next, Outcome memory outcome, uint40 deadline)
        private
        view
        returns (bytes32)
    {
        bytes32 hash = keccak256(abi.encode(OUTCOME_TYPEHASH, outcome));
        return _digest(
            keccak256(abi.encode(AMENDMENT_TYPEHASH, deals[index].id, deals[next].id, hash, deadline))
        );
    }

    function _settlementDigest(LineId id, Outcome memory outcome, uint40 deadline) private view returns (bytes32) {
        bytes32 hash = keccak256(abi.encode(OUTCOME_TYPEHASH, outcome));
        return _digest(keccak256(abi.encode(SETTLEMENT_TYPEHASH, id, hash, deadline)));
    }
}
