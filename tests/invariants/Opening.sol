// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

import {ROLE_CHANGE, ROLE_OPEN, ROLE_QUALITY} from "../../contracts/directory/DirectoryTypes.sol";
import {IEip712} from "../../contracts/directory/IEip712.sol";
import {Consent, LineId, Permit, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Call} from "./Books.sol";
import {IOddToken} from "./World.sol";
import {Rules} from "./Rules.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";

/// @notice Terms of every sort, and every way in which two parties agree to them.
abstract contract Opening is Rules {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant SCHEDULE_TYPEHASH = keccak256("Schedule(bytes32 root)");
    bytes32 private immutable DOMAIN_SEPARATOR;

    uint256 private salt;

    constructor() {
        DOMAIN_SEPARATOR = _domain();
    }

    /* TERMS */

    /// @dev New terms by chance, under one of the published sets.
    function _terms(uint256 set) internal returns (Terms memory terms) {
        terms.buyer = _oneIn(3) ? BUYER_FIRM : BUYER;
        terms.supplier = [SUPPLIER, SUPPLIER_FIRM, SUPPLIER_WALLET][_random(3)];
        if (_oneIn(3)) terms.inspector = INSPECTOR;
        if (_oneIn(2)) terms.arbiter = ARBITER;
        terms.broker = [address(0), BROKER, BROKER_FIRM][_random(3)];
        terms.token = _token(_random(TOKENS));
        if (_oneIn(5)) terms.opener = MARKET;
        _price(terms, set);
    }

    /// @dev Other terms between the same parties, that may stand in one batch.
    function _termsBeside(Terms memory other) internal returns (Terms memory terms) {
        terms = abi.decode(abi.encode(other), (Terms));
        _price(terms, _random(TradeSets.COUNT));
    }

    function _price(Terms memory terms, uint256 set) private {
        terms.amount = _amount();
        terms.dueBy = uint40(block.timestamp + 11 days + _random(30 days));
        terms.openBy = uint40(_oneIn(4) ? block.timestamp + 1 + _random(10 days) : terms.dueBy);
        terms.conditions = published[set];
        if (conditions[published[set]].rates.arbiterFeeBps() != 0) terms.arbiter = ARBITER;
        terms.salt = ++salt;
    }

    /// @dev A deal about to be opened; with goods, if some are to be handed over.
    function _draft(Terms memory terms, uint256 goods) internal returns (uint256 index) {
        terms.assets = uint16(goods);
        return _add(terms, _produce(terms.supplier, goods));
    }

    function _amount() private returns (uint128) {
        uint256 size = _random(8);
        if (size == 0) return uint128(1 + _random(3));
        if (size == 1) return uint128(9_998 + _random(5));
        if (size == 2) return uint128(1 + _random(1e30));
        return _oneIn(40) ? type(uint128).max : uint128(1 + _random(1e12));
    }

    /* MONEY */

    /// @dev Sees to it that an owner has at least so much free balance, by an ordinary deposit.
    function _depositFor(address owner, address token, uint256 amount) internal {
        uint256 free = ESCROW.freeBalanceOf(owner, token);
        if (free < amount) _deposit(owner, owner, token, amount - free);
    }

    function _deposit(address caller, address owner, address token, uint256 amount) internal {
        _mint(token, token == COIN ? caller : owner, amount);
        Call memory call = _call(caller, token, abi.encodeCall(ESCROW.deposit, (owner, token, amount)));
        if (token == COIN) {
            call.value = amount;
            _due(call, caller, -int256(amount));
            _due(call, owner, amount);
        }
        _make(call);
    }

    /// @dev An odd token that nobody could pay in is used after it came to its senses.
    function _calm(address token) internal {
        if (token == address(ODD) && !_oneIn(16)) {
            ODD.setOddity(_oneIn(2) ? IOddToken.Oddity.None : IOddToken.Oddity.ReturnsNothing);
        }
    }

    /* CONSENTS */

    /// @dev Who consents how, and who pays.
    struct Way {
        address caller;
        address payer;
        Consent buyer;
        Consent supplier;
        Consent payee; // of an assigned line
    }

    /// @dev One of the ways in which the parties of a deal can open it. Signatures are over `digest`.
    function _way(Terms memory terms, bytes32 digest, bytes32[] memory proof) private returns (Way memory) {
        if (terms.opener == MARKET) return _wayOf(0, terms, digest, proof, ROLE_OPEN);
        return _wayWithout(terms, digest, proof, ROLE_OPEN);
    }

    /// @dev One of the ways in which the parties agree without their market. Operators need the roles to sign.
    function _wayWithout(Terms memory terms, bytes32 digest, bytes32[] memory proof, uint16 roles)
        internal
        returns (Way memory)
    {
        return _wayOf(1 + _random(4), terms, digest, proof, roles);
    }

    /// @dev The same, if only the contract that opened the line may call: for the buyer, but not for the supplier.
    function _wayToAmend(Terms memory terms, bytes32 digest) internal returns (Way memory way) {
        bytes32[] memory proof = new bytes32[](0);
        if (terms.opener != MARKET) return _wayWithout(terms, digest, proof, ROLE_OPEN | ROLE_CHANGE);
        way = _wayOf(0, terms, digest, proof, ROLE_OPEN);
        way.supplier = _signed(terms.supplier, SALES, digest, proof);
    }

    /// @dev Who bought a receivable agrees, too.
    function _addPayee(Way memory way, uint256 index, bytes32 digest) internal {
        address payee = deals[index].payee;
        if (payee != address(0)) way.payee = _signed(payee, FACTOR, digest, new bytes32[](0));
    }

    function _wayOf(uint256 kind, Terms memory terms, bytes32 digest, bytes32[] memory proof, uint16 roles)
        private
        returns (Way memory way)
    {
        bool buyerSigns = kind > 2 || (kind == 0 && _oneIn(2));
        bool supplierSigns = kind != 0 && kind != 3;
        if (kind == 0) (way.caller, way.payer) = (MARKET, terms.buyer);
        if (kind == 1) (way.caller, way.payer) = (terms.buyer, terms.buyer);
        if (kind == 2) (way.caller, way.payer) = (PURCHASING, [terms.buyer, PURCHASING, FINANCIER][_random(3)]);
        if (kind == 3) (way.caller, way.payer) = _oneIn(2) ? (terms.supplier, terms.supplier) : (SALES, SALES);
        if (kind == 4) (way.caller, way.payer) = _oneIn(2) ? (STRANGER, STRANGER) : (FINANCIER, FINANCIER);
        if (buyerSigns) way.buyer = _signed(terms.buyer, _deputyOf(terms.buyer, roles), digest, proof);
        if (supplierSigns) way.supplier = _signed(terms.supplier, _deputyOf(terms.supplier, roles), digest, proof);
    }

    /// @dev Both parties' signatures, for whoever brings them.
    function _bothSigned(Terms memory terms, bytes32 digest, address caller) internal returns (Way memory way) {
        (way.caller, way.payer) = (caller, caller);
        way.buyer = _signed(terms.buyer, PURCHASING, digest, new bytes32[](0));
        way.supplier = _signed(terms.supplier, SALES, digest, new bytes32[](0));
    }

    /// @dev By the principal itself if it can sign, or by its operator.
    function _signed(address principal, address operator, bytes32 digest, bytes32[] memory proof)
        internal
        returns (Consent memory)
    {
        return _signedBy(keyOf[principal] == 0 || _oneIn(3) ? operator : principal, digest, proof);
    }

    function _signedBy(address signer, bytes32 digest, bytes32[] memory proof) private view returns (Consent memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(keyOf[signer], digest);
        return Consent(signer, proof, abi.encodePacked(r, s, v));
    }

    /* WITHOUT CONSENT */

    /// @dev A call that would make somebody a party, or a payer, who did not agree. Nothing else is wrong with it.
    function _unconsented() internal returns (Call memory) {
        Terms memory terms = _terms(TradeSets.TOOLING);
        uint256 kind = _random(9);
        terms.opener = kind == 0 ? MARKET : address(0);
        bytes32 digest = LineId.unwrap(ESCROW.lineId(terms));
        Way memory way = _bothSigned(terms, digest, kind == 6 ? MARKET : STRANGER);
        Consent memory none;
        if (kind == 1) way.buyer = none;
        if (kind == 2) way.supplier = none;
        if (kind == 3) way.buyer = way.supplier;
        if (kind == 4) way.supplier = way.buyer;
        if (kind == 5) way.payer = [terms.buyer, terms.supplier, FACTOR][_random(3)];
        if (kind == 6) (way.buyer, way.supplier, way.payer) = (none, none, terms.buyer);
        uint16 role = _oneIn(2) ? ROLE_CHANGE : ROLE_QUALITY;
        if (kind == 7) way.buyer = _signedBy(_clerkOf(true, role), digest, new bytes32[](0));
        if (kind == 8) way.supplier = _signedBy(_clerkOf(false, role), digest, new bytes32[](0));
        _secure(terms, terms.token == COIN && way.payer == terms.supplier ? _bond(terms) + terms.amount : _bond(terms));
        if (terms.token != COIN) _mint(terms.token, way.payer, terms.amount);
        else if (way.payer != terms.supplier) _depositFor(way.payer, COIN, terms.amount);
        bytes memory data = abi.encodeCall(ESCROW.open, (terms, way.buyer, way.supplier, way.payer));
        return _call(way.caller, terms.token, data);
    }

    /* OPENING */

    /// @dev Opens one line: agreed by itself, or as one of two under a signed schedule.
    function _open(uint256 index) internal {
        bytes32 digest = LineId.unwrap(deals[index].id);
        bytes32[] memory proof = new bytes32[](0);
        if (_oneIn(4)) {
            proof = new bytes32[](1);
            proof[0] = _leaf(ESCROW.lineId(_termsBeside(deals[index].terms)));
            digest = _scheduleDigest(_parent(_leaf(deals[index].id), proof[0]));
        }
        Way memory way = _way(deals[index].terms, digest, proof);
        _secure(deals[index].terms, deals[index].bond);
        _make(_opening(deals[index].terms, way));
    }

    /// @dev Opens a line with an allowance that comes signed with it.
    function _openWithPermit(Terms memory terms) internal {
        (terms.buyer, terms.token, terms.opener) = (BUYER, address(DOLLAR), address(0));
        uint256 index = _draft(terms, 0);
        bytes32 digest = LineId.unwrap(deals[index].id);
        Way memory way = _wayOf(_oneIn(2) ? 1 : 2, terms, digest, new bytes32[](0), ROLE_OPEN);
        way.payer = BUYER;
        _secure(terms, deals[index].bond);
        _mint(terms.token, BUYER, terms.amount);
        VM.prank(BUYER);
        DOLLAR.approve(address(ESCROW), 0);
        bytes memory data = abi.encodeCall(
            ESCROW.openWithPermit, (terms, way.buyer, way.supplier, BUYER, _permit(BUYER, type(uint256).max))
        );
        _make(_call(way.caller, terms.token, data));
    }

    function _permit(address owner, uint256 value) private view returns (Permit memory permit) {
        IERC20Permit token = IERC20Permit(address(DOLLAR));
        (permit.value, permit.deadline) = (value, block.timestamp);
        bytes32 hash = keccak256(
            abi.encode(PERMIT_TYPEHASH, owner, address(ESCROW), value, token.nonces(owner), permit.deadline)
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), hash));
        (permit.v, permit.r, permit.s) = VM.sign(keyOf[owner], digest);
    }

    /// @dev The call that opens a line.
    function _opening(Terms memory terms, Way memory way) internal returns (Call memory call) {
        bytes memory data = abi.encodeCall(ESCROW.open, (terms, way.buyer, way.supplier, way.payer));
        call = _call(way.caller, terms.token, data);
        _fund(call, terms, way.payer, terms.amount);
    }

    /// @dev The payer has what a call takes; coin comes with it, as far as the payer's free balance is not enough.
    function _fund(Call memory call, Terms memory terms, address payer, uint256 amount) internal {
        if (terms.token != COIN) return _mint(terms.token, payer, amount);
        uint256 free = _oneIn(2) ? ESCROW.freeBalanceOf(payer, COIN) : 0;
        if (payer == terms.supplier) free = 0; // its bond comes first
        call.value = free < amount ? amount - free : 0;
        _mint(COIN, call.caller, call.value);
        _due(call, call.caller, -int256(call.value));
        _due(call, payer, call.value);
    }

    /// @dev Opens several lines at once, signed together in the order of their leaves.
    function _openAll(uint256[] memory indices) internal {
        Terms[] memory terms = new Terms[](indices.length);
        bytes32[] memory leaves = new bytes32[](indices.length);
        (uint256 amount, uint256 bonds) = (0, 0);
        for (uint256 i = 0; i < indices.length; ++i) {
            terms[i] = deals[indices[i]].terms;
            leaves[i] = _leaf(deals[indices[i]].id);
            amount += terms[i].amount;
            bonds += deals[indices[i]].bond;
        }
        Way memory way = _way(terms[0], _scheduleDigest(_root(leaves)), new bytes32[](0));
        _secure(terms[0], bonds);
        if (terms[0].token != COIN) _mint(terms[0].token, way.payer, amount);
        else _depositFor(way.payer, COIN, way.payer == terms[0].supplier ? amount + bonds : amount);
        bytes memory data = abi.encodeCall(ESCROW.openMany, (terms, way.buyer, way.supplier, way.payer));
        _make(_call(way.caller, terms[0].token, data));
    }

    /// @dev The supplier has what its bonds take.
    function _secure(Terms memory terms, uint256 bond) internal {
        _calm(terms.token);
        _depositFor(terms.supplier, terms.token, bond);
    }

    /* SCHEDULES */

    function _scheduleDigest(bytes32 root) private view returns (bytes32) {
        return _digest(keccak256(abi.encode(SCHEDULE_TYPEHASH, root)));
    }

    function _leaf(LineId id) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(abi.encode(id))));
    }

    /// @dev Of two or three leaves: the tree is complete, and its last pair is joined first.
    function _root(bytes32[] memory leaves) private pure returns (bytes32) {
        if (leaves.length == 2) return _parent(leaves[0], leaves[1]);
        return _parent(leaves[2], _parent(leaves[0], leaves[1]));
    }

    function _parent(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    /// @dev What is signed of a struct, by its hash.
    function _digest(bytes32 hash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", DOMAIN_SEPARATOR, hash));
    }

    function _domain() private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chain, address place,,) = IEip712(ESCROW).eip712Domain();
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(kind, keccak256(bytes(name)), keccak256(bytes(version)), chain, place));
    }
}
