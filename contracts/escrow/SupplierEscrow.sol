// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {
    ROLE_ASSETS,
    ROLE_CHANGE,
    ROLE_FINANCE,
    ROLE_OPEN,
    ROLE_QUALITY
} from "../directory/DirectoryTypes.sol";
import {Eip712} from "../directory/Eip712.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {Signatures} from "../directory/Signatures.sol";
import {Conditions, Periods, Rates} from "./Conditions.sol";
import {ConditionsRules} from "./ConditionsRules.sol";
import {Custody} from "./Custody.sol";
import {FreeBalances} from "./FreeBalances.sol";
import {ISupplierEscrow} from "./ISupplierEscrow.sol";
import {LineSlot} from "./LineSlot.sol";
import {Payoff, Payoffs} from "./Payoffs.sol";
import {Schedules} from "./Schedules.sol";
import {
    ConditionsId,
    Consent,
    Consents,
    Delivery,
    Ending,
    FLAG_AMENDED,
    FLAG_ASSIGNED,
    FLAG_BUYER_DISPUTES,
    FLAG_GOODS_TO_BUYER,
    FLAG_RETENTION_DISPUTED,
    FLAG_SUPPLIER_DISPUTES,
    FLAGS_PAYEE_DISPUTES,
    Line,
    LineId,
    MAX_ASSETS,
    Outcome,
    Permit,
    Receivable,
    Status,
    Terms
} from "./SupplierEscrowTypes.sol";
import {TermsWords} from "./TermsWords.sol";

/// @dev What one call moves out of lines: a batch pays each receiver once. Base units.
struct Account {
    address supplierSide; // the payee of an assigned line, else the supplier
    uint256 toSupplierSide; // without the broker's part
    uint256 toBuyer;
    uint256 toBroker;
    uint256 bondFreed;
}

/// @dev What one call moves into lines. Base units.
struct Funding {
    uint256 amount;
    uint256 bond;
}

contract SupplierEscrow is ISupplierEscrow, Eip712, FreeBalances, Custody {
    using LineSlot for Line;
    using TermsWords for Terms;

    bytes32 private constant SCHEDULE_TYPEHASH = keccak256("Schedule(bytes32 root)");
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
    uint40 private constant LONGEST_EXTENSION = 366 days;

    /// @dev Sets of statuses, a bit each.
    uint256 private constant NONE = 1 << uint8(Status.None);
    uint256 private constant OPEN = 1 << uint8(Status.Open);
    uint256 private constant DELIVERED = 1 << uint8(Status.Delivered);
    uint256 private constant REJECTED = 1 << uint8(Status.Rejected);
    uint256 private constant RETAINED = 1 << uint8(Status.Retained);
    uint256 private constant DISPUTED = 1 << uint8(Status.Disputed);
    uint256 private constant CLOSED = 1 << uint8(Status.Closed);
    uint256 private constant HOLDING = OPEN | DELIVERED | REJECTED | RETAINED;

    mapping(LineId => Line) private lines;
    mapping(LineId => Receivable) private receivables;
    mapping(ConditionsId => Conditions) private conditions;

    constructor(IDirectory directory_, IAssetRegistry registry_)
        Eip712("Fabricant SupplierEscrow")
        FreeBalances(directory_)
        Custody(registry_)
    {}

    /* CONDITIONS */

    /// @inheritdoc ISupplierEscrow
    function publishConditions(Conditions calldata published, string calldata uri) external returns (ConditionsId id) {
        id = ConditionsId.wrap(keccak256(abi.encode(published)));
        ConditionsRules.check(published);
        if (!_known(conditions[id].rates)) conditions[id] = published;
        emit ConditionsPublished(id, published, uri);
    }

    /* OPENING */

    /// @inheritdoc ISupplierEscrow
    function open(Terms calldata terms, Consent calldata buyer, Consent calldata supplier, address payer)
        external
        payable
        nonReentrant
        returns (LineId id)
    {
        return _openOne(terms, buyer, supplier, payer);
    }

    /// @inheritdoc ISupplierEscrow
    function openWithPermit(
        Terms calldata terms,
        Consent calldata buyer,
        Consent calldata supplier,
        address payer,
        Permit calldata permit
    ) external nonReentrant returns (LineId id) {
        _permit(terms.token, payer, permit);
        return _openOne(terms, buyer, supplier, payer);
    }

    /// @inheritdoc ISupplierEscrow
    function openMany(Terms[] calldata terms, Consent calldata buyer, Consent calldata supplier, address payer)
        external
        nonReentrant
        returns (LineId[] memory ids)
    {
        if (terms.length == 0) revert SupplierEscrow_EmptyBatch();
        ids = new LineId[](terms.length);
        Funding memory funding;
        Account memory account;
        Terms memory first = terms[0].load()[0];
        for (uint256 i = 0; i < terms.length; ++i) {
            Terms memory t = terms[i].load()[0];
            ids[i] = _open(t, 0, payer, funding, account);
            _requireSameParties(ids[i], first, t);
        }
        bytes32 root = ids.length == 1 ? bytes32(0) : Schedules.root(ids);
        _requireConsents(first, ids[0], root, buyer, supplier, payer);
        _fund(first, payer, funding, account);
    }

    /// @inheritdoc ISupplierEscrow
    function revoke(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, NONE);
        if (!_actsFor(t.buyer, ROLE_OPEN) && !_actsFor(t.supplier, ROLE_OPEN)) {
            revert SupplierEscrow_NotParty(id, msg.sender);
        }
        line.status = Status.Revoked;
        _store(id, line);
        emit LineRevoked(id, msg.sender);
    }

    /* DELIVERY */

    /// @inheritdoc ISupplierEscrow
    function deliver(Terms calldata terms, Delivery calldata delivery) external nonReentrant {
        Terms memory t = terms.load()[0];
        (LineId id, Line memory line) = _find(t, OPEN | REJECTED);
        Periods periods = _periods(t);
        uint256[] calldata assets = delivery.assets;
        _requireSupplier(id, t.supplier, assets.length == 0 ? ROLE_QUALITY : ROLE_QUALITY | ROLE_ASSETS);
        _requireFrom(id, _before(t.dueBy, periods.deliveryWindow()));
        _requireBefore(id, _longStop(t, line, periods));

        line.status = Status.Delivered;
        line.lateIntervals = _lateIntervals(t, line, periods.lateEvery());
        // A rejection gives back the time since the handover. The transit is added now and corrected at receipt or rejection,
        // because then the handover's time is no longer known.
        line.since = uint40(block.timestamp + periods.transit());
        line.extra += uint40(periods.transit());
        _store(id, line);
        _emitDelivered(id, delivery, line);
        _takeGoods(id, t, assets);
    }

    /// @inheritdoc ISupplierEscrow
    function confirmReceipt(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, DELIVERED);
        if (!_inspects(t) && !_actsFor(t.buyer, ROLE_QUALITY)) {
            revert SupplierEscrow_NotInspector(id, msg.sender);
        }
        if (block.timestamp >= line.since) revert SupplierEscrow_AlreadyArrived(id, line.since);
        // Before arrival, and `deliver` added the whole transit: no overflow.
        unchecked {
            line.extra -= line.since - uint40(block.timestamp);
        }
        line.since = uint40(block.timestamp);
        _store(id, line);
        emit ReceiptConfirmed(id, msg.sender, line.since);
    }

    /* INSPECTION */

    /// @inheritdoc ISupplierEscrow
    function accept(Terms calldata terms, uint256[] calldata assets) external nonReentrant {
        Account memory account;
        Terms memory t = terms.load()[0];
        _accept(t, assets, account);
        _payOutAll(t, account);
    }

    /// @inheritdoc ISupplierEscrow
    function acceptMany(Terms[] calldata terms, uint256[][] calldata assets) external nonReentrant {
        _acceptMany(terms, assets, _accept);
    }

    /// @inheritdoc ISupplierEscrow
    function deemAccept(Terms calldata terms, uint256[] calldata assets) external nonReentrant {
        Account memory account;
        Terms memory t = terms.load()[0];
        _deemAccept(t, assets, account);
        _payOutAll(t, account);
    }

    /// @inheritdoc ISupplierEscrow
    function deemAcceptMany(Terms[] calldata terms, uint256[][] calldata assets) external nonReentrant {
        _acceptMany(terms, assets, _deemAccept);
    }

    /// @inheritdoc ISupplierEscrow
    function reject(Terms calldata terms, bytes32 reason) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, DELIVERED);
        if (!_inspects(t)) revert SupplierEscrow_NotInspector(id, msg.sender);
        Rates rates = _rates(t);
        _requireBefore(id, line.since + rates.inspection());
        if (line.rejections >= rates.maxRejections()) revert SupplierEscrow_RejectionsUsedUp(id, line.rejections);

        line.status = Status.Rejected;
        ++line.rejections;
        // The time since the handover: `since` is ahead by what `extra` still has of the transit. No overflow.
        unchecked {
            line.extra = line.extra + uint40(block.timestamp) - line.since;
        }
        line.since = uint40(block.timestamp);
        _store(id, line);
        emit LineRejected(id, msg.sender, reason, line.rejections, line.extra);
    }

    /* DISPUTES */

    /// @inheritdoc ISupplierEscrow
    function dispute(Terms calldata terms, bytes32 hash, string calldata uri) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, DELIVERED | REJECTED | RETAINED);
        Conditions storage agreed = _agreed(t);
        (address disputant, uint8 flags, uint256 period) = (t.buyer, FLAG_BUYER_DISPUTES, agreed.rates.inspection());
        if (line.status == Status.Rejected) {
            (disputant, flags, period) = (t.supplier, FLAG_SUPPLIER_DISPUTES, agreed.periods.cure());
            if (_isAssigned(line) && !_actsFor(disputant, ROLE_QUALITY)) {
                (disputant, flags) = (receivables[id].payee, FLAGS_PAYEE_DISPUTES);
            }
        } else if (line.status == Status.Retained) {
            (flags, period) = (FLAG_BUYER_DISPUTES | FLAG_RETENTION_DISPUTED, agreed.periods.retention());
        }
        if (!_actsFor(disputant, ROLE_QUALITY)) revert SupplierEscrow_NotParty(id, msg.sender);
        _requireBefore(id, line.since + period);

        line.status = Status.Disputed;
        line.flags |= flags;
        line.since = uint40(block.timestamp);
        _store(id, line);
        _debit(disputant, t.token, Payoffs.arbiterFee(t.amount, agreed.rates));
        emit LineDisputed(id, msg.sender, disputant);
        _emitEvidence(id, t, hash, uri);
    }

    /// @inheritdoc ISupplierEscrow
    function evidence(Terms calldata terms, bytes32 hash, string calldata uri) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, DISPUTED);
        if (
            msg.sender != t.arbiter && !_actsFor(t.buyer, ROLE_QUALITY) && !_actsFor(t.supplier, ROLE_QUALITY)
                && !_actsFor(_supplierSide(id, t, line), ROLE_QUALITY)
        ) {
            revert SupplierEscrow_NotParty(id, msg.sender);
        }
        _emitEvidence(id, t, hash, uri);
    }

    /// @inheritdoc ISupplierEscrow
    function rule(Terms calldata terms, Outcome calldata outcome) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, DISPUTED);
        if (msg.sender != t.arbiter) revert SupplierEscrow_NotArbiter(id, msg.sender);
        Rates rates = _rates(t);
        _requireBefore(id, line.since + rates.arbitration());
        _decide(id, t, line, outcome, Ending.Ruled);
        _payOut(t.token, t.arbiter, Payoffs.arbiterFee(t.amount, rates));
    }

    /// @inheritdoc ISupplierEscrow
    function applyDefault(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, DISPUTED);
        Rates rates = _rates(t);
        _requireFrom(id, line.since + rates.arbitration());
        _end(id, t, line, rates, Payoffs.defaulted(line, rates), Ending.Defaulted);
    }

    /* AGREEMENTS */

    /// @inheritdoc ISupplierEscrow
    function settle(Terms calldata terms, Outcome calldata outcome, uint40 deadline, Consents calldata consents)
        external
        nonReentrant
    {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, HOLDING | DISPUTED);
        _requireSignable(id, deadline);
        bytes32 structHash = keccak256(abi.encode(SETTLEMENT_TYPEHASH, id, _outcomeHash(outcome), deadline));
        _requireAgreement(id, t, line, ROLE_CHANGE, ROLE_CHANGE, structHash, consents);
        _decide(id, t, line, outcome, Ending.Settled);
    }

    /// @inheritdoc ISupplierEscrow
    function amend(
        Terms calldata oldTerms,
        Terms calldata newTerms,
        Outcome calldata outcome,
        uint40 deadline,
        Consents calldata consents,
        address payer
    ) external payable nonReentrant {
        Terms memory t = oldTerms.load()[0];
        Terms memory n = newTerms.load()[0];
        (LineId id, Line memory line) = _find(t, OPEN | REJECTED);
        _requireSignable(id, deadline);
        uint16 suppliersRole = _suppliersRole(t, n, outcome);
        bytes32 structHash = _amendmentHash(id, _lineId(n), outcome, deadline);
        _requireAgreement(id, t, line, _buyersRole(t), suppliersRole, structHash, consents);
        if (!_actsFor(payer, ROLE_OPEN)) revert SupplierEscrow_NotPayer(id, msg.sender, payer);
        _amend(id, t, n, line, outcome, payer);
    }

    /// @inheritdoc ISupplierEscrow
    function assign(Terms calldata terms, address payee, uint40 deadline, Consent calldata consent)
        external
        nonReentrant
    {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, HOLDING | DISPUTED);
        _requireSignable(id, deadline);
        // The right itself changes hands: no operator will do.
        if (msg.sender != _supplierSide(id, t, line)) revert SupplierEscrow_NotSupplier(id, msg.sender);
        Receivable storage receivable = receivables[id];
        // A payee's signature that was used lies behind.
        if (deadline <= receivable.deadline) revert SupplierEscrow_TooLate(id, deadline, receivable.deadline);
        _requireSoundPayee(id, t, payee);
        bytes32 structHash = keccak256(abi.encode(ASSIGNMENT_TYPEHASH, id, payee, deadline));
        _requireConsent(payee, ROLE_CHANGE, _digest(structHash), consent);

        (receivable.payee, receivable.deadline) = (payee, deadline);
        // The supplier's deposit goes with the receivable.
        if (line.flags & (FLAG_ASSIGNED | FLAGS_PAYEE_DISPUTES) == FLAG_SUPPLIER_DISPUTES) {
            line.flags |= FLAGS_PAYEE_DISPUTES;
        }
        line.flags |= FLAG_ASSIGNED;
        _store(id, line);
        emit LineAssigned(id, msg.sender, payee);
    }

    /* MONEY ON THE WAY */

    /// @inheritdoc ISupplierEscrow
    function pay(Terms calldata terms, uint128 heldAfter) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, HOLDING);
        _requireBuyer(id, t, ROLE_FINANCE);
        uint128 amount = _lowerHeld(id, line, heldAfter);
        Account memory account;
        account.supplierSide = _supplierSide(id, t, line);
        emit LinePaid(id, account.supplierSide, amount, heldAfter);
        _addSupplierSide(t, _rates(t), amount, account);
        _payOutAll(t, account);
    }

    /// @inheritdoc ISupplierEscrow
    function refund(Terms calldata terms, uint128 heldAfter) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, HOLDING);
        _requireSupplier(id, _supplierSide(id, t, line), ROLE_FINANCE);
        uint128 amount = _lowerHeld(id, line, heldAfter);
        emit LineRefunded(id, msg.sender, amount, heldAfter);
        _payOut(t.token, t.buyer, amount);
    }

    /* CHANGE AND BREACH */

    /// @inheritdoc ISupplierEscrow
    function extend(Terms calldata terms, uint40 extraAfter) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, OPEN | REJECTED);
        _requireBuyer(id, t, ROLE_CHANGE);
        if (extraAfter <= line.extra || extraAfter > LONGEST_EXTENSION) {
            revert SupplierEscrow_ExtensionOutOfRange(id, extraAfter, line.extra, LONGEST_EXTENSION);
        }
        line.extra = extraAfter;
        _store(id, line);
        emit LineExtended(id, msg.sender, extraAfter);
    }

    /// @inheritdoc ISupplierEscrow
    function cancel(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, OPEN);
        _requireBuyer(id, t, ROLE_CHANGE);
        Conditions storage agreed = _agreed(t);
        _requireBefore(id, _before(t.dueBy, agreed.periods.cancelNotice()));

        Payoff memory payoff = Payoffs.cancelled(line, t.amount, agreed.rates);
        _end(id, t, line, agreed.rates, payoff, Ending.Cancelled);
    }

    /// @inheritdoc ISupplierEscrow
    function resign(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, OPEN | REJECTED);
        _requireSupplier(id, t.supplier, ROLE_CHANGE);
        if (_isAssigned(line)) revert SupplierEscrow_Assigned(id);
        Conditions storage agreed = _agreed(t);
        if (_maySupplierDecline(t, line, agreed.periods)) {
            Account memory account;
            uint256 advance = Payoffs.advance(line, t.amount, agreed.rates);
            _conclude(id, t, line, agreed.rates, Payoffs.declined(line, advance), Ending.Resigned, account);
            _freeBond(t, account);
            _debit(t.supplier, t.token, advance);
            _payOutAll(t, account);
        } else {
            _end(id, t, line, agreed.rates, Payoffs.failed(line, t.amount, agreed.rates), Ending.Resigned);
        }
    }

    /// @inheritdoc ISupplierEscrow
    function terminate(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, OPEN | REJECTED);
        _requireBuyer(id, t, ROLE_CHANGE);
        Conditions storage agreed = _agreed(t);
        _requireFrom(id, _longStop(t, line, agreed.periods));
        _end(id, t, line, agreed.rates, Payoffs.failed(line, t.amount, agreed.rates), Ending.Terminated);
    }

    /* AFTER ACCEPTANCE */

    /// @inheritdoc ISupplierEscrow
    function payRetention(Terms calldata terms) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, RETAINED);
        Conditions storage agreed = _agreed(t);
        _requireFrom(id, line.since + agreed.periods.retention());
        _end(id, t, line, agreed.rates, Payoffs.retentionEnded(line), Ending.RetentionPaid);
    }

    /// @inheritdoc ISupplierEscrow
    function collect(Terms calldata terms, uint256[] calldata assets) external nonReentrant {
        (Terms memory t, LineId id, Line memory line) = _prove(terms, REJECTED | RETAINED | CLOSED);
        address entitled = line.flags & FLAG_GOODS_TO_BUYER != 0 ? t.buyer : t.supplier;
        if (!_actsFor(entitled, ROLE_ASSETS)) revert SupplierEscrow_NotEntitled(id, msg.sender, entitled);
        (, uint64 before) = _custody(id);
        uint64 owed = _handOver(id, entitled, assets);
        // A redelivery is of all or nothing, and a call that changes nothing is a mistake.
        if (line.status == Status.Rejected ? owed != 0 : owed == before) revert SupplierEscrow_GoodsStuck(id, owed);
    }

    /* VIEWS */

    /// @inheritdoc ISupplierEscrow
    function lineId(Terms calldata terms) external view returns (LineId) {
        return _lineId(terms.load()[0]);
    }

    /// @inheritdoc ISupplierEscrow
    function lineOf(LineId id) external view returns (Line memory line) {
        lines[id].read(line);
    }

    /// @inheritdoc ISupplierEscrow
    function conditionsOf(ConditionsId id) external view returns (Conditions memory) {
        return conditions[id];
    }

    /// @inheritdoc ISupplierEscrow
    function payeeOf(LineId id) external view returns (address) {
        return receivables[id].payee;
    }

    /* INSIDE: OPENING */

    function _openOne(Terms calldata terms, Consent calldata buyer, Consent calldata supplier, address payer)
        private
        returns (LineId id)
    {
        Funding memory funding;
        Account memory account;
        Terms memory t = terms.load()[0];
        id = _open(t, 0, payer, funding, account);
        _requireConsents(t, id, 0, buyer, supplier, payer);
        _fund(t, payer, funding, account);
    }

    function _open(
        Terms memory terms,
        uint8 flags,
        address payer,
        Funding memory funding,
        Account memory account
    ) private returns (LineId) {
        LineId id = _lineId(terms);
        Line storage stored = lines[id];
        if (stored.status != Status.None) revert SupplierEscrow_WrongStatus(id, stored.status);
        if (!terms.isNarrow()) revert SupplierEscrow_FieldTooWide(id);
        Rates rates = _rates(terms);
        _requireSoundTerms(id, terms, rates);

        uint256 amount = terms.amount;
        Line memory line;
        line.flags = flags;
        uint256 advance = Payoffs.advance(line, amount, rates);
        line.status = Status.Open;
        line.since = uint40(block.timestamp);
        line.held = uint128(amount - advance);
        stored.write(line);
        _emitOpened(id, terms, payer, line.held);
        // Sums of 128-bit amounts.
        unchecked {
            funding.amount += amount;
            funding.bond += Payoffs.bond(amount, rates);
        }
        if (advance != 0) _addSupplierSide(terms, rates, advance, account);
        return id;
    }

    function _fund(Terms memory terms, address payer, Funding memory funding, Account memory account) private {
        _debit(terms.supplier, terms.token, funding.bond);
        _takeIn(terms.token, payer, funding.amount);
        _payOut(terms.token, terms.supplier, account.toSupplierSide);
        _payOut(terms.token, terms.broker, account.toBroker);
    }

    function _requireSoundTerms(LineId id, Terms memory terms, Rates rates) private view {
        if (!_known(rates)) revert SupplierEscrow_UnknownConditions(terms.conditions);
        if (terms.amount == 0) revert SupplierEscrow_NoAmount(id);
        if (terms.openBy > terms.dueBy) revert SupplierEscrow_DueBeforeOpening(id, terms.dueBy, terms.openBy);
        _requireBefore(id, terms.openBy);
        if (terms.assets > MAX_ASSETS) revert SupplierEscrow_TooManyAssets(id, terms.assets, MAX_ASSETS);
        if (terms.assets == 0 && terms.deliverables != 0) {
            revert SupplierEscrow_DeliverablesWithoutAssets(id, terms.deliverables);
        }
        _requireSoundParties(id, terms);
        if (terms.arbiter == address(0) && rates.arbiterFeeBps() != 0) {
            revert SupplierEscrow_FeeWithoutArbiter(id, rates.arbiterFeeBps());
        }
    }

    function _requireSoundParties(LineId id, Terms memory terms) private view {
        if (terms.supplier == terms.buyer) revert SupplierEscrow_BadParty(id, terms.supplier);
        if (terms.arbiter == terms.buyer || terms.arbiter == terms.supplier) {
            revert SupplierEscrow_BadParty(id, terms.arbiter);
        }
        if (
            terms.inspector != address(0)
                && (terms.inspector == terms.supplier || terms.inspector == terms.arbiter)
        ) revert SupplierEscrow_BadParty(id, terms.inspector);
        if (terms.broker == address(this)) revert SupplierEscrow_BadParty(id, terms.broker);
        if (terms.opener != address(0) && msg.sender != terms.opener) {
            revert SupplierEscrow_NotOpener(id, msg.sender, terms.opener);
        }
    }

    /// @dev One batch, one receiver of each kind.
    function _requireSameParties(LineId id, Terms memory first, Terms memory other) private pure {
        if (
            other.buyer != first.buyer || other.supplier != first.supplier || other.broker != first.broker
                || other.token != first.token || other.opener != first.opener
        ) revert SupplierEscrow_MixedBatch(id);
    }

    /* INSIDE: CONSENT */

    /// @dev `root` of several lines; zero: of the one line.
    function _requireConsents(
        Terms memory terms,
        LineId id,
        bytes32 root,
        Consent calldata buyer,
        Consent calldata supplier,
        address payer
    ) private view {
        _requireHomeChain();
        address forBuyer = _requireConsent(terms.buyer, ROLE_OPEN, _consentDigest(id, root, buyer), buyer);
        address forSupplier = _requireConsent(terms.supplier, ROLE_OPEN, _consentDigest(id, root, supplier), supplier);
        // The opener alone may open for both, by calling.
        bool opens = forBuyer == msg.sender && msg.sender == terms.opener;
        _requireTwo(id, terms.buyer, terms.supplier, forBuyer, forSupplier, opens);
        // Who opens for the buyer by calling has been asked about already.
        bool asked = payer == terms.buyer && forBuyer == msg.sender;
        if (!asked && !_actsFor(payer, ROLE_OPEN)) revert SupplierEscrow_NotPayer(id, msg.sender, payer);
    }

    /// @dev Neither party acts for the other, and nobody for both, who may not.
    function _requireTwo(
        LineId id,
        address buyer,
        address other,
        address forBuyer,
        address forOther,
        bool mayBeOne
    ) private pure {
        bool forBoth = forBuyer == forOther && !mayBeOne;
        if (forBoth || forBuyer == other || forOther == buyer) {
            revert SupplierEscrow_ActsForBoth(id, forBuyer, forOther);
        }
    }

    function _requireSignable(LineId id, uint40 deadline) private view {
        _requireHomeChain();
        _requireBefore(id, deadline);
    }

    /// @return actor who consents for the principal.
    function _requireConsent(address principal, uint16 role, bytes32 digest, Consent calldata consent)
        private
        view
        returns (address actor)
    {
        actor = consent.signer;
        bool signed = actor != address(0);
        if (!signed) actor = msg.sender;
        if (actor != principal && !directory.mayAct(principal, actor, role)) {
            revert SupplierEscrow_NoConsent(principal, actor);
        }
        if (signed && !Signatures.isValid(actor, digest, consent.signature)) {
            revert SupplierEscrow_BadSignature(principal, actor, digest);
        }
    }

    /// @dev Buyer, supplier and, of an assigned line, the payee agree on what was signed.
    function _requireAgreement(
        LineId id,
        Terms memory terms,
        Line memory line,
        uint16 buyersRole,
        uint16 suppliersRole,
        bytes32 structHash,
        Consents calldata consents
    ) private view {
        bytes32 digest = _digest(structHash);
        address forBuyer = _requireConsent(terms.buyer, buyersRole, digest, consents.buyer);
        address other = terms.supplier;
        address forOther = _requireConsent(other, suppliersRole, digest, consents.supplier);
        _requireTwo(id, terms.buyer, other, forBuyer, forOther, false);
        if (!_isAssigned(line)) return;
        other = receivables[id].payee;
        forOther = _requireConsent(other, ROLE_CHANGE, digest, consents.payee);
        _requireTwo(id, terms.buyer, other, forBuyer, forOther, false);
    }

    function _amendmentHash(LineId id, LineId nextId, Outcome calldata outcome, uint40 deadline)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(AMENDMENT_TYPEHASH, id, nextId, _outcomeHash(outcome), deadline));
    }

    function _outcomeHash(Outcome calldata outcome) private pure returns (bytes32) {
        return keccak256(abi.encode(OUTCOME_TYPEHASH, outcome));
    }

    /// @dev The opener amends for the buyer with the role that it opens with.
    function _buyersRole(Terms memory terms) private view returns (uint16) {
        return msg.sender == terms.opener ? ROLE_OPEN : ROLE_CHANGE;
    }

    /// @dev Who lets more of the free balance be bound than the old line frees must be trusted with it.
    function _suppliersRole(Terms memory terms, Terms memory next, Outcome calldata outcome)
        private
        view
        returns (uint16)
    {
        // Sums of 128-bit amounts.
        unchecked {
            uint256 bound = Payoffs.bond(next.amount, _rates(next)) + outcome.bondToBuyer;
            return bound > Payoffs.bond(terms.amount, _rates(terms)) ? ROLE_CHANGE | ROLE_OPEN : ROLE_CHANGE;
        }
    }

    function _requireSoundPayee(LineId id, Terms memory terms, address payee) private pure {
        if (payee == terms.buyer || payee == terms.inspector || payee == terms.arbiter) {
            revert SupplierEscrow_BadParty(id, payee);
        }
    }

    /// @dev What is signed to open: one line's id if there is no proof, else a schedule in whose tree the proof begins at the lines' root.
    function _consentDigest(LineId id, bytes32 root, Consent calldata consent) private view returns (bytes32) {
        if (consent.signer == address(0)) return 0; // nothing is
        bytes32[] calldata proof = consent.proof;
        if (root == 0) {
            if (proof.length == 0) return LineId.unwrap(id);
            root = Schedules.leaf(id);
        }
        root = MerkleProof.processProofCalldata(proof, root);
        return _digest(keccak256(abi.encode(SCHEDULE_TYPEHASH, root)));
    }

    /* INSIDE: ENDINGS */

    function _acceptMany(
        Terms[] calldata terms,
        uint256[][] calldata assets,
        function(Terms memory, uint256[] calldata, Account memory) returns (LineId) acceptOne
    ) private {
        if (terms.length == 0) revert SupplierEscrow_EmptyBatch();
        if (terms.length != assets.length) revert SupplierEscrow_LengthMismatch(terms.length, assets.length);
        Account memory account;
        Terms memory first = terms[0].load()[0];
        address supplierSide;
        for (uint256 i = 0; i < terms.length; ++i) {
            Terms memory t = terms[i].load()[0];
            LineId id = acceptOne(t, assets[i], account);
            _requireSameParties(id, first, t);
            if (i == 0) supplierSide = account.supplierSide;
            if (account.supplierSide != supplierSide) revert SupplierEscrow_MixedBatch(id);
        }
        _payOutAll(first, account);
    }

    function _accept(Terms memory terms, uint256[] calldata assets, Account memory account)
        private
        returns (LineId)
    {
        (LineId id, Line memory line) = _find(terms, OPEN | DELIVERED | REJECTED | DISPUTED);
        Rates rates = _rates(terms);
        if (line.status == Status.Delivered) {
            if (!_inspects(terms) && !_actsFor(terms.buyer, ROLE_QUALITY)) {
                revert SupplierEscrow_NotInspector(id, msg.sender);
            }
        } else {
            _requireBuyer(id, terms, ROLE_FINANCE);
            if (line.status == Status.Open) line.lateIntervals = _lateIntervals(terms, line, rates.lateEvery());
        }
        // The list names the delivery that is accepted: the supplier may have brought another since the caller looked. Goods
        // that were accepted before the dispute need not be named again.
        bool named = terms.assets != 0 && line.flags & FLAG_RETENTION_DISPUTED == 0;
        _conclude(id, terms, line, rates, Payoffs.accepted(line, terms.amount, rates), Ending.Accepted, account);
        if (named || assets.length != 0) _handOver(id, terms.buyer, assets);
        return id;
    }

    function _deemAccept(Terms memory terms, uint256[] calldata assets, Account memory account)
        private
        returns (LineId)
    {
        (LineId id, Line memory line) = _find(terms, DELIVERED);
        Rates rates = _rates(terms);
        _requireFrom(id, line.since + rates.inspection());
        Payoff memory payoff = Payoffs.accepted(line, terms.amount, rates);
        _conclude(id, terms, line, rates, payoff, Ending.DeemedAccepted, account);
        if (assets.length != 0) _handOver(id, terms.buyer, assets);
        return id;
    }

    /// @dev As the arbiter ruled, or the parties agreed.
    function _decide(
        LineId id,
        Terms memory terms,
        Line memory line,
        Outcome calldata outcome,
        Ending ending
    ) private {
        Rates rates = _rates(terms);
        _end(id, terms, line, rates, Payoffs.decided(line, terms.amount, rates, outcome), ending);
    }

    /// @dev The buyer's share of the old line pays for the new one, and the bond moves over.
    function _amend(
        LineId id,
        Terms memory terms,
        Terms memory next,
        Line memory line,
        Outcome calldata outcome,
        address payer
    ) private {
        (, uint64 owed) = _custody(id);
        if (owed != 0) revert SupplierEscrow_GoodsStuck(id, owed);
        Account memory account;
        Funding memory funding;
        Rates rates = _rates(terms);
        Payoff memory payoff = Payoffs.decided(line, terms.amount, rates, outcome);
        _conclude(id, terms, line, rates, payoff, Ending.Amended, account);
        LineId nextId = _open(next, FLAG_AMENDED | line.flags & FLAG_ASSIGNED, payer, funding, account);
        _requireSameParties(nextId, terms, next);
        if (_isAssigned(line)) {
            _requireSoundPayee(nextId, next, account.supplierSide);
            receivables[nextId] = receivables[id];
        }
        emit LineAmended(id, nextId);

        uint256 share = _min(account.toBuyer, funding.amount);
        // The lesser of both.
        unchecked {
            account.toBuyer -= share;
            funding.amount -= share;
        }
        _freeBond(terms, account);
        _debit(terms.supplier, terms.token, funding.bond);
        _takeIn(terms.token, payer, funding.amount);
        _payOutAll(terms, account);
    }

    /// @dev An ending by itself, with its payouts.
    function _end(
        LineId id,
        Terms memory terms,
        Line memory line,
        Rates rates,
        Payoff memory payoff,
        Ending ending
    ) private {
        Account memory account;
        _conclude(id, terms, line, rates, payoff, ending, account);
        _payOutAll(terms, account);
    }

    /// @dev The one way in which a line's money is concluded: state and event; the caller pays the account out.
    function _conclude(
        LineId id,
        Terms memory terms,
        Line memory line,
        Rates rates,
        Payoff memory payoff,
        Ending ending,
        Account memory account
    ) private {
        account.supplierSide = _supplierSide(id, terms, line);
        if (line.status == Status.Disputed) _endDispute(terms, line, rates, ending, account.supplierSide);
        bool retained = payoff.retained != 0;
        line.status = retained ? Status.Retained : Status.Closed;
        line.since = uint40(block.timestamp);
        line.held = uint128(payoff.retained);
        if (payoff.goodsToBuyer) line.flags |= FLAG_GOODS_TO_BUYER;
        _store(id, line);

        // Sums of 128-bit amounts; the buyer's part of the bond is at most the bond.
        unchecked {
            account.toBuyer += payoff.toBuyer + payoff.bondToBuyer;
            if (!retained) account.bondFreed += Payoffs.bond(terms.amount, rates) - payoff.bondToBuyer;
        }
        _addSupplierSide(terms, rates, payoff.toSupplierSide, account);
        _emitConcluded(id, ending, payoff);
    }

    /// @dev The arbiter's fee goes back to its depositor, unless the arbiter earned it.
    function _endDispute(
        Terms memory terms,
        Line memory line,
        Rates rates,
        Ending ending,
        address supplierSide
    ) private {
        uint8 disputant = line.flags & FLAGS_PAYEE_DISPUTES;
        line.flags ^= disputant;
        if (ending == Ending.Ruled) return;
        address depositor = disputant == FLAG_BUYER_DISPUTES ? terms.buyer : supplierSide;
        if (disputant == FLAG_SUPPLIER_DISPUTES) depositor = terms.supplier;
        _credit(depositor, terms.token, Payoffs.arbiterFee(terms.amount, rates));
    }

    /// @dev The broker's commission comes off every amount that goes to the supplier side.
    function _addSupplierSide(Terms memory terms, Rates rates, uint256 amount, Account memory account) private pure {
        uint256 brokerage = terms.broker == address(0) ? 0 : Payoffs.brokerage(amount, rates);
        // Sums of 128-bit amounts; brokerage is at most 5 % of the amount.
        unchecked {
            account.toBroker += brokerage;
            account.toSupplierSide += amount - brokerage;
        }
    }

    function _freeBond(Terms memory terms, Account memory account) private {
        _credit(terms.supplier, terms.token, account.bondFreed);
        account.bondFreed = 0;
    }

    function _payOutAll(Terms memory terms, Account memory account) private {
        _freeBond(terms, account);
        _payOut(terms.token, account.supplierSide, account.toSupplierSide);
        _payOut(terms.token, terms.buyer, account.toBuyer);
        _payOut(terms.token, terms.broker, account.toBroker);
    }

    function _lowerHeld(LineId id, Line memory line, uint128 heldAfter) private returns (uint128 amount) {
        if (heldAfter >= line.held) revert SupplierEscrow_HeldNotBelow(id, heldAfter, line.held);
        // Compared above.
        unchecked {
            amount = line.held - heldAfter;
        }
        line.held = heldAfter;
        _store(id, line);
    }

    /* INSIDE: CLOCKS */

    /// @dev From then on the buyer may terminate, and the supplier can't deliver any more.
    function _longStop(Terms memory terms, Line memory line, Periods periods) private pure returns (uint256) {
        // Times have 40 bits and periods 32: no overflow.
        unchecked {
            uint256 stop = uint256(terms.dueBy) + line.extra + periods.longStop();
            uint256 cured = line.status == Status.Rejected ? line.since + periods.cure() : 0;
            return stop > cured ? stop : cured;
        }
    }

    /// @dev Commenced intervals after dueBy + extra; exactly then is in time.
    function _lateIntervals(Terms memory terms, Line memory line, uint256 every) private view returns (uint16) {
        // As above.
        unchecked {
            uint256 due = uint256(terms.dueBy) + line.extra;
            if (block.timestamp <= due) return 0;
            return uint16(_min((block.timestamp - due + every - 1) / every, type(uint16).max));
        }
    }

    function _maySupplierDecline(Terms memory terms, Line memory line, Periods periods) private view returns (bool) {
        return line.status == Status.Open && line.flags & FLAG_AMENDED == 0
            && block.timestamp < _min(line.since + periods.resignPeriod(), terms.dueBy);
    }

    /// @dev So long before a moment, or the beginning of time.
    function _before(uint256 moment, uint256 period) private pure returns (uint256) {
        return moment > period ? moment - period : 0;
    }

    function _requireFrom(LineId id, uint256 from) private view {
        if (block.timestamp < from) revert SupplierEscrow_TooEarly(id, block.timestamp, from);
    }

    function _requireBefore(LineId id, uint256 before) private view {
        if (block.timestamp >= before) revert SupplierEscrow_TooLate(id, block.timestamp, before);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /* INSIDE: WHO AND WHICH */

    /// @dev Whether the caller inspects: the inspector if there is one, else the buyer.
    function _inspects(Terms memory terms) private view returns (bool) {
        return _actsFor(terms.inspector == address(0) ? terms.buyer : terms.inspector, ROLE_QUALITY);
    }

    function _isAssigned(Line memory line) private pure returns (bool) {
        return line.flags & FLAG_ASSIGNED != 0;
    }

    /// @dev To whom the supplier's money goes.
    function _supplierSide(LineId id, Terms memory terms, Line memory line) private view returns (address) {
        return _isAssigned(line) ? receivables[id].payee : terms.supplier;
    }

    function _requireBuyer(LineId id, Terms memory terms, uint16 role) private view {
        if (!_actsFor(terms.buyer, role)) revert SupplierEscrow_NotBuyer(id, msg.sender);
    }

    function _requireSupplier(LineId id, address supplier, uint16 role) private view {
        if (!_actsFor(supplier, role)) revert SupplierEscrow_NotSupplier(id, msg.sender);
    }

    function _lineId(Terms memory terms) private view returns (LineId) {
        return LineId.wrap(_digest(terms.structHash()));
    }

    /// @dev The line that the terms prove, if its status is one of `allowed`.
    function _find(Terms memory terms, uint256 allowed) private view returns (LineId id, Line memory line) {
        id = _lineId(terms);
        lines[id].read(line);
        if (allowed >> uint8(line.status) & 1 == 0) revert SupplierEscrow_WrongStatus(id, line.status);
    }

    /// @dev The same from calldata, and the terms in memory.
    function _prove(Terms calldata terms, uint256 allowed)
        private
        view
        returns (Terms memory t, LineId id, Line memory line)
    {
        t = terms.load()[0];
        (id, line) = _find(t, allowed);
    }

    function _store(LineId id, Line memory line) private {
        lines[id].write(line);
    }

    function _agreed(Terms memory terms) private view returns (Conditions storage) {
        return conditions[terms.conditions];
    }

    function _rates(Terms memory terms) private view returns (Rates) {
        return _agreed(terms).rates;
    }

    function _periods(Terms memory terms) private view returns (Periods) {
        return _agreed(terms).periods;
    }

    /// @dev Published rates are never zero: an inspection takes an hour at least.
    function _known(Rates rates) private pure returns (bool) {
        return Rates.unwrap(rates) != 0;
    }

    /* INSIDE: EVENTS */

    function _emitDelivered(LineId id, Delivery calldata d, Line memory line) private {
        emit LineDelivered(
            id, msg.sender, line.lateIntervals, line.since, d.evidence, d.invoice, d.uri, d.assets
        );
    }

    function _emitEvidence(LineId id, Terms memory terms, bytes32 hash, string calldata uri) private {
        emit EvidenceSubmitted(id, msg.sender, hash);
        emit Evidence(terms.arbiter, uint256(LineId.unwrap(id)), msg.sender, uri);
    }

    function _emitConcluded(LineId id, Ending ending, Payoff memory payoff) private {
        emit LineConcluded(
            id,
            ending,
            msg.sender,
            uint128(payoff.toSupplierSide),
            uint128(payoff.toBuyer),
            uint128(payoff.retained),
            uint128(payoff.bondToBuyer),
            payoff.goodsToBuyer
        );
    }

    /// @dev `emit LineOpened(id, terms.buyer, terms.supplier, terms, payer, held)`, with the words of the terms copied as they
    /// lie in memory instead of encoded one by one.
    function _emitOpened(LineId id, Terms memory terms, address payer, uint128 held) private {
        bytes32 topic = LineOpened.selector;
        (address buyer, address supplier) = (terms.buyer, terms.supplier);
        // Memory from the free pointer on is unused, and stays free.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mcopy(free, terms, 544)
            mstore(add(free, 544), payer)
            mstore(add(free, 576), held)
            log4(free, 608, topic, id, buyer, supplier)
        }
    }
}
