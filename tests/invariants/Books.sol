// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ROLE_QUALITY} from "../../contracts/directory/DirectoryTypes.sol";
import {Conditions} from "../../contracts/escrow/Conditions.sol";
import {ISupplierEscrow} from "../../contracts/escrow/ISupplierEscrow.sol";
import {
    Ending,
    Line,
    LineId,
    Outcome,
    Status,
    Terms
} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM, Vm} from "./Vm.sol";
import {World} from "./World.sol";

/// @dev What we know of one order line, beside what the escrow says.
struct Deal {
    Terms terms;
    LineId id;
    uint256[] goods;
    uint256 bond; // base units
    uint256 fee; // base units, the arbiter's
    address depositor; // of the fee
    address payee; // zero if it was not assigned
    bool amended; // it replaced another line
    uint256 arrival; // Unix seconds: handover + transit, or when the buyer's side recorded receipt before
    bool goodsToBuyer; // who may collect what is in custody; else the supplier
    uint64 owed; // which goods are in custody, a bit each
    Line line; // as it was after the last call that touched it
    uint256 opened; // how often
    uint256 paidIn; // base units
    uint256 paidOut; // to the supplier side, the buyer and the broker; never the bond or the fee
    bytes32 end; // hash of the line as it was when it became final
}

/// @dev One call of the escrow, and by how much it should make each of our people richer.
struct Call {
    address caller;
    address[3] entitled; // who may make it, themselves or by their operators; zero: anyone
    uint16 roles; // what an operator needs; none: no operator may
    Outcome outcome; // if it decides one
    uint256 share; // the buyer's, of the line that ended last
    uint256 price; // of the line that was opened last
    address payer; // of that
    address token;
    uint256 value;
    uint256 gas;
    bytes data;
    int256[] due; // in the order of `people`
}

/// @notice Books beside the escrow's own: every call is checked against the events that it emits and against what
/// everybody owns before and after. What does not fit is kept as a breach, for the invariants to report.
/// @dev Shares are worked out here from the conditions and the specification, not with the contracts' code.
abstract contract Books is World {
    uint256 private constant PLENTY = 8_000_000; // gas; bounded, because some of our tokens burn all that they get

    Deal[] internal deals;
    mapping(LineId => uint256) private dealOf; // from one
    mapping(address token => uint256) internal donated;
    mapping(uint256 invariant => string) private breaches;

    /* INVARIANTS */

    /// @notice Checks the invariants whose bits are set; bit n is ESC-n.
    /// ESC-1: for every token, what the escrow has is what it owes, and what it was given.
    /// ESC-2: what left a line and what it holds are what went in, and every event told the truth about it.
    /// ESC-3: one party alone, or anyone after a known time, can close a line.
    /// ESC-4: a final line stays as it is; terms open at most once; a signature works once, for its line.
    /// ESC-5: no token, receiver or registry stopped a payout.
    /// ESC-6: nobody moved money but who may, when they may.
    /// ESC-7: a bond is lost only as agreed or decided, after the time to cure (credited twice, it breaks ESC-1).
    /// ESC-8: silence accepts from arrival + inspection, not earlier, and nobody puts it off.
    /// ESC-9: nobody became a party, or paid, without consent.
    /// ESC-10: what is in custody is owed by one line, to the one party that its ending names.
    function check(uint256 invariants) external view {
        for (uint256 n = 0; n < 11; ++n) {
            if (invariants >> n & 1 != 0) require(bytes(breaches[n]).length == 0, breaches[n]);
        }
        if (invariants >> 10 & 1 != 0) _requireOneOwner();
        uint256[TOKENS] memory locked;
        for (uint256 i = 0; i < deals.length; ++i) {
            Deal storage deal = deals[i];
            Line memory line = ESCROW.lineOf(deal.id);
            if (invariants >> 2 & 1 != 0) {
                require(deal.paidIn == deal.paidOut + line.held, "ESC-2: a line's money does not add up");
            }
            if (invariants >> 4 & 1 != 0) _requireFinality(deal, line);
            uint256 deposited = line.status == Status.Disputed ? deal.fee : 0;
            locked[_number(deal.terms.token)] += line.held + deposited + (_isLive(line.status) ? deal.bond : 0);
        }
        if (invariants >> 1 & 1 != 0) _requireBalances(locked);
    }

    /// @notice Fault 58: once everybody took what is theirs, what stays is what was given.
    function checkEmpty() external view {
        for (uint256 k = 0; k < TOKENS; ++k) {
            for (uint256 i = 0; i < people.length; ++i) {
                bool right = _balance(_token(k), people[i]) == wealthOf[people[i]][_token(k)];
                require(right, "ESC-2: somebody got another amount than the events say");
            }
            bool empty = _balance(_token(k), address(ESCROW)) == donated[_token(k)];
            require(empty, "ESC-1: the escrow keeps what belongs to nobody");
        }
    }

    function _requireFinality(Deal storage deal, Line memory line) private view {
        require(deal.opened <= 1, "ESC-4: the same terms were opened again");
        require(deal.end == 0 || deal.end == _hash(line), "ESC-4: a final line has changed");
    }

    function _requireBalances(uint256[TOKENS] memory locked) private view {
        for (uint256 k = 0; k < TOKENS; ++k) {
            address token = _token(k);
            uint256 owed = donated[token] + locked[k];
            for (uint256 i = 0; i < people.length; ++i) {
                owed += ESCROW.freeBalanceOf(people[i], token);
            }
            require(_balance(token, address(ESCROW)) == owed, "ESC-1: the escrow has not exactly what it owes");
        }
    }

    function _requireOneOwner() private view {
        uint256[] memory owing = new uint256[](registered + 1);
        for (uint256 i = 0; i < deals.length; ++i) {
            Deal storage deal = deals[i];
            if (deal.goods.length == 0) continue;
            (, uint64 owed) = ESCROW.custodyOf(deal.id);
            require(owed == deal.owed, "ESC-10: other goods are owed than those in custody");
            for (uint256 k = 0; k < deal.goods.length; ++k) {
                owing[deal.goods[k]] += owed >> k & 1;
            }
        }
        for (uint256 id = 1; id <= registered; ++id) {
            bool here = ASSETS.ownerOf(id) == address(ESCROW);
            require(owing[id] == (here ? 1 : 0), "ESC-10: an asset in custody is not owed to exactly one party");
        }
    }

    function _breach(uint256 invariant, string memory what) internal {
        if (bytes(breaches[invariant]).length == 0) breaches[invariant] = what;
    }

    /* DEALS */

    function _add(Terms memory terms, uint256[] memory goods) internal returns (uint256 index) {
        index = deals.length;
        Deal storage deal = deals.push();
        deal.terms = terms;
        deal.id = ESCROW.lineId(terms);
        deal.goods = goods;
        deal.bond = _bond(terms);
        deal.fee = uint256(terms.amount) * conditions[terms.conditions].rates.arbiterFeeBps() / 10_000;
        dealOf[deal.id] = index + 1;
    }

    function _line(uint256 index) internal view returns (Line memory) {
        return ESCROW.lineOf(deals[index].id);
    }

    function _agreed(uint256 index) internal view returns (Conditions storage) {
        return conditions[deals[index].terms.conditions];
    }

    function _bond(Terms memory terms) internal view returns (uint256) {
        return (uint256(terms.amount) * conditions[terms.conditions].rates.bondBps() + 9_999) / 10_000;
    }

    function _isFinal(Status status) internal pure returns (bool) {
        return status == Status.Closed || status == Status.Revoked;
    }

    function _isLive(Status status) internal pure returns (bool) {
        return status != Status.None && !_isFinal(status);
    }

    /* CALLS */

    function _call(address caller, address token, bytes memory data) internal view returns (Call memory) {
        address[3] memory anyone;
        return Call({
            caller: caller,
            entitled: anyone,
            roles: 0,
            outcome: Outcome(0, 0, false),
            share: 0,
            price: 0,
            payer: address(0),
            token: token,
            value: 0,
            gas: PLENTY,
            data: data,
            due: new int256[](people.length)
        });
    }

    /// @dev Makes a call and books it; reverts as the escrow does.
    function _make(Call memory call) internal {
        (bool done, bytes memory answer) = _try(call);
        if (!done) _revertWith(answer);
    }

    /// @dev Makes a call, and books it if it succeeds.
    function _try(Call memory call) internal returns (bool done, bytes memory answer) {
        VM.recordLogs();
        (done, answer) = _send(call);
        if (!done) return (done, answer);
        Vm.Log[] memory logs = VM.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            uint256 number = logs[i].topics.length < 2 ? 0 : dealOf[LineId.wrap(logs[i].topics[1])];
            if (number != 0 && logs[i].emitter == address(ESCROW)) _book(call, deals[number - 1], logs[i]);
        }
        uint256 bystander = _random(people.length);
        for (uint256 i = 0; i < people.length; ++i) {
            if (call.due[i] != 0 || i == bystander) _settle(people[i], call.token, call.due[i]);
        }
    }

    /// @dev Whether a call passes that the escrow must refuse.
    function _passes(Call memory call) internal returns (bool done) {
        (done,) = _send(call);
    }

    function _send(Call memory call) private returns (bool, bytes memory) {
        VM.prank(call.caller);
        return address(ESCROW).call{value: call.value, gas: call.gas}(call.data);
    }

    function _revertWith(bytes memory answer) internal pure {
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    /// @dev Compares what somebody has of a token, in their pocket and in the escrow, with what they should have.
    function _settle(address person, address token, int256 due) private {
        uint256 wealth = _balance(token, person) + ESCROW.freeBalanceOf(person, token);
        int256 right = int256(wealthOf[person][token]) + due;
        if (int256(wealth) != right) _breach(2, "ESC-2: somebody got another amount than the event says");
        if (due != 0) wealthOf[person][token] = wealth;
    }

    /// @dev Somebody should get this much (or lose it, below zero).
    function _due(Call memory call, address person, int256 amount) internal view {
        uint256 number = numberOf[person];
        if (number != 0) call.due[number - 1] += amount;
    }

    function _due(Call memory call, address person, uint256 amount) internal view {
        _due(call, person, int256(amount));
    }

    /* EVENTS */

    function _book(Call memory call, Deal storage deal, Vm.Log memory log) private {
        bytes32 kind = log.topics[0];
        if (kind == ISupplierEscrow.LineDelivered.selector) _bookDelivery(deal);
        if (kind == ISupplierEscrow.ReceiptConfirmed.selector) _bookReceipt(deal, _address(log.topics[2]));
        if (kind == ISupplierEscrow.LineRejected.selector) _expectInspection(deal);
        if (kind == ISupplierEscrow.GoodsHandedOver.selector) _bookHandover(deal, _address(log.topics[2]));
        if (kind == ISupplierEscrow.LineOpened.selector) _bookOpening(call, deal, log.data);
        if (kind == ISupplierEscrow.LinePaid.selector) _bookPayment(call, deal, log.data);
        if (kind == ISupplierEscrow.LineRefunded.selector) _bookRefund(call, deal, log.data);
        if (kind == ISupplierEscrow.LineDisputed.selector) _bookDispute(call, deal, _address(log.topics[3]));
        if (kind == ISupplierEscrow.LineAssigned.selector) _bookAssignment(deal, _address(log.topics[3]));
        if (kind == ISupplierEscrow.LineAmended.selector) _bookAmendment(call, deal, LineId.wrap(log.topics[2]));
        if (kind == ISupplierEscrow.LineConcluded.selector) {
            _bookEnding(call, deal, Ending(uint256(log.topics[2])), log.data);
        }
        deal.line = ESCROW.lineOf(deal.id);
        if (deal.end == 0 && _isFinal(deal.line.status)) deal.end = _hash(deal.line);
    }

    function _bookOpening(Call memory call, Deal storage deal, bytes memory data) private {
        (Terms memory terms, address payer, uint128 held) = abi.decode(data, (Terms, address, uint128));
        if (keccak256(abi.encode(terms)) != keccak256(abi.encode(deal.terms))) {
            _breach(4, "ESC-4: other terms were opened than those agreed");
        }
        uint256 advance = _advance(deal);
        if (held + advance != terms.amount) _breach(2, "ESC-2: a line holds another amount than was paid in");
        _due(call, payer, -int256(uint256(terms.amount)));
        _due(call, terms.supplier, -int256(deal.bond));
        _dueSupplierSide(call, deal, advance);
        (call.payer, call.price) = (payer, terms.amount);
        ++deal.opened;
        deal.paidIn += terms.amount;
        deal.paidOut += advance;
    }

    /// @dev Goods that are here already, from a rejected delivery, are not brought again.
    function _bookDelivery(Deal storage deal) private {
        deal.arrival = block.timestamp + conditions[deal.terms.conditions].periods.transit();
        if (deal.goods.length != 0) deal.owed = type(uint64).max >> (64 - deal.goods.length);
    }

    /// @dev The buyer's side alone can bring the arrival forward, and nobody can put it off.
    function _bookReceipt(Deal storage deal, address by) private {
        Terms storage terms = deal.terms;
        bool inspects = terms.inspector != address(0) && by == terms.inspector;
        bool records = inspects || _mayAct(terms.buyer, by, ROLE_QUALITY);
        if (!records) _breach(8, "ESC-8: somebody else than the buyer's side recorded receipt");
        if (block.timestamp >= deal.arrival) _breach(8, "ESC-8: a late receipt puts silence off");
        deal.arrival = block.timestamp;
    }

    /// @dev What ends or suspends a delivery before silence does.
    function _expectInspection(Deal storage deal) private {
        if (block.timestamp >= _silence(deal)) _breach(8, "ESC-8: a delivery was contested that silence had accepted");
    }

    function _silence(Deal storage deal) private view returns (uint256) {
        return deal.arrival + conditions[deal.terms.conditions].rates.inspection();
    }

    function _bookHandover(Deal storage deal, address to) private {
        address entitled = deal.goodsToBuyer ? deal.terms.buyer : deal.terms.supplier;
        if (to != entitled) _breach(10, "ESC-10: goods went to somebody else than the one entitled party");
        for (uint256 i = 0; i < deal.goods.length; ++i) {
            if (ASSETS.ownerOf(deal.goods[i]) == to) deal.owed &= ~(uint64(1) << uint64(i));
        }
    }

    function _bookPayment(Call memory call, Deal storage deal, bytes memory data) private {
        (uint128 amount, uint128 heldAfter) = abi.decode(data, (uint128, uint128));
        _expectHeld(deal, uint256(amount) + heldAfter);
        _dueSupplierSide(call, deal, amount);
        deal.paidOut += amount;
    }

    function _bookRefund(Call memory call, Deal storage deal, bytes memory data) private {
        (uint128 amount, uint128 heldAfter) = abi.decode(data, (uint128, uint128));
        _expectHeld(deal, uint256(amount) + heldAfter);
        _due(call, deal.terms.buyer, amount);
        deal.paidOut += amount;
    }

    function _bookDispute(Call memory call, Deal storage deal, address disputant) private {
        bool rejected = deal.line.status == Status.Rejected;
        bool supplies = rejected && (disputant == deal.terms.supplier || disputant == deal.payee);
        if (!supplies && (rejected || disputant != deal.terms.buyer)) _breach(6, "ESC-6: a stranger disputes");
        if (deal.line.status == Status.Delivered) _expectInspection(deal);
        deal.depositor = disputant;
        _due(call, disputant, -int256(deal.fee));
    }

    /// @dev A running dispute's deposit goes with the receivable, if it is its owner's.
    function _bookAssignment(Deal storage deal, address payee) private {
        if (deal.depositor == _supplierSide(deal)) deal.depositor = payee;
        deal.payee = payee;
    }

    /// @dev The buyer's share of the old line went into the new one first.
    function _bookAmendment(Call memory call, Deal storage deal, LineId nextId) private {
        uint256 number = dealOf[nextId];
        if (number == 0) return _breach(4, "ESC-4: a line was replaced by one that nobody agreed to");
        deals[number - 1].payee = deal.payee;
        uint256 used = _least(call.share, call.price);
        _due(call, deal.terms.buyer, -int256(used));
        _due(call, call.payer, used);
    }

    function _bookEnding(Call memory call, Deal storage deal, Ending ending, bytes memory data) private {
        (uint128 toSupplierSide, uint128 toBuyer, uint128 retained, uint128 bondToBuyer, bool goodsToBuyer) =
            abi.decode(data, (uint128, uint128, uint128, uint128, bool));
        _expectShares(call.outcome, deal, ending, toSupplierSide);
        _expectGoods(call.outcome, deal, ending, goodsToBuyer);
        bool silent = ending == Ending.DeemedAccepted;
        if (silent && block.timestamp < _silence(deal)) _breach(8, "ESC-8: silence accepted too early");
        _expectBond(call.outcome, deal, ending, bondToBuyer);
        if (deal.line.status == Status.Disputed) {
            _due(call, ending == Ending.Ruled ? deal.terms.arbiter : deal.depositor, deal.fee);
        }
        bool declined = ending == Ending.Resigned && _inResignPeriod(deal);
        uint256 returned = declined ? _advance(deal) : 0;
        uint256 paid = uint256(toSupplierSide) + toBuyer - returned;
        _expectHeld(deal, paid + retained);
        _dueSupplierSide(call, deal, toSupplierSide);
        call.share = uint256(toBuyer) + bondToBuyer;
        _due(call, deal.terms.buyer, uint256(toBuyer) + bondToBuyer);
        int256 freed = retained == 0 ? int256(deal.bond) : int256(0);
        _due(call, deal.terms.supplier, freed - int256(uint256(bondToBuyer)) - int256(returned));
        deal.paidOut += paid;
    }

    /// @dev An event must account for all that the line held before the call.
    function _expectHeld(Deal storage deal, uint256 amount) private {
        if (amount != deal.line.held) _breach(2, "ESC-2: a line gave another amount than it held");
    }

    /// @dev What others than the conditions decide, and the split without a ruling.
    function _expectShares(Outcome memory outcome, Deal storage deal, Ending ending, uint256 toSupplierSide) private {
        uint256 share = outcome.toSupplier;
        if (ending == Ending.Defaulted) share = uint256(deal.line.held) * _defaultBps(deal) / 10_000;
        else if (!_isDecided(ending)) return;
        if (toSupplierSide != _least(share, deal.line.held)) {
            _breach(2, "ESC-2: a dispute ended with other shares than decided or agreed");
        }
    }

    /// @dev Accepted goods are the buyer's, and stay so; otherwise as decided or, by default, with the larger share.
    function _expectGoods(Outcome memory outcome, Deal storage deal, Ending ending, bool goodsToBuyer) private {
        bool accepted = ending == Ending.Accepted || ending == Ending.DeemedAccepted;
        bool decided = _isDecided(ending) && outcome.goodsToBuyer;
        bool defaulted = ending == Ending.Defaulted && _defaultBps(deal) >= 5_000;
        if (accepted || decided || defaulted) deal.goodsToBuyer = true;
        if (goodsToBuyer != deal.goodsToBuyer) _breach(10, "ESC-10: the goods became another party's than agreed");
    }

    function _defaultBps(Deal storage deal) private view returns (uint256) {
        return conditions[deal.terms.conditions].rates.defaultSupplierBps();
    }

    function _expectBond(Outcome memory outcome, Deal storage deal, Ending ending, uint256 bondToBuyer) private {
        uint256 lost = _isDecided(ending) ? _least(outcome.bondToBuyer, deal.bond) : 0;
        bool failed = ending == Ending.Terminated || ending == Ending.Resigned && !_inResignPeriod(deal);
        if (failed && (deal.line.status == Status.Open || deal.line.status == Status.Rejected)) lost = deal.bond;
        if (bondToBuyer != lost) _breach(7, "ESC-7: another part of a bond was lost than decided or agreed");
        uint256 cured = deal.line.since + conditions[deal.terms.conditions].periods.cure();
        bool curable = deal.line.status == Status.Rejected && block.timestamp < cured;
        if (curable && ending == Ending.Terminated) _breach(7, "ESC-7: a line ended before the time to cure");
    }

    function _isDecided(Ending ending) private pure returns (bool) {
        return ending == Ending.Ruled || ending == Ending.Settled || ending == Ending.Amended;
    }

    function _least(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @dev To the supplier or its payee, less the broker's commission.
    function _dueSupplierSide(Call memory call, Deal storage deal, uint256 amount) private view {
        Terms storage terms = deal.terms;
        uint256 bps = terms.broker == address(0) ? 0 : conditions[terms.conditions].rates.brokerBps();
        uint256 brokerage = amount * bps / 10_000;
        _due(call, terms.broker, brokerage);
        _due(call, _supplierSide(deal), amount - brokerage);
    }

    function _supplierSide(Deal storage deal) internal view returns (address) {
        return deal.payee == address(0) ? deal.terms.supplier : deal.payee;
    }

    function _advance(Deal storage deal) private view returns (uint256) {
        uint256 bps = conditions[deal.terms.conditions].rates.advanceBps();
        return deal.amended ? 0 : uint256(deal.terms.amount) * bps / 10_000;
    }

    function _address(bytes32 word) private pure returns (address) {
        return address(uint160(uint256(word)));
    }

    function _inResignPeriod(Deal storage deal) internal view returns (bool) {
        uint256 until = deal.line.since + conditions[deal.terms.conditions].periods.resignPeriod();
        return deal.line.status == Status.Open && !deal.amended && block.timestamp < until && block.timestamp < deal.terms.dueBy;
    }

    function _hash(Line memory line) private pure returns (bytes32) {
        return keccak256(abi.encode(line));
    }
}
