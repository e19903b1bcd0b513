// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ROLE_FINANCE} from "../../contracts/directory/DirectoryTypes.sol";
import {Line, LineId, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Acting} from "./Acting.sol";
import {Call} from "./Books.sol";
import {Action} from "./Rules.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";
import {IOddToken, IParty} from "./World.sol";

/// @notice What people do with the escrow, each function one thing, decided by its seed: mostly right, now and then
/// by the wrong caller or at the wrong time. A function reverts when the escrow refuses what it tried.
contract Handler is Acting {
    error Handler_Closed();
    error Handler_Stuck(Action action);

    /* LINES */

    function open(uint256 seed) external seeded(seed) {
        _open(_draft(_terms(_random(TradeSets.COUNT)), _oneIn(3) ? 1 + _random(3) : 0));
    }

    function openWithPermit(uint256 seed) external seeded(seed) {
        _openWithPermit(_terms(_random(TradeSets.COUNT)));
    }

    function openMany(uint256 seed) external seeded(seed) {
        uint256[] memory batch = _draftBatch();
        if (_oneIn(12)) batch[1] = _oneIn(2) ? batch[0] : _draft(_terms(TradeSets.TOOLING), 0);
        _openAll(batch);
    }

    function revoke(uint256 seed) external seeded(seed) {
        _revoke(_draft(_terms(_random(TradeSets.COUNT)), 0));
    }

    function deliver(uint256 seed) external seeded(seed) {
        _act(Action.Deliver);
    }

    function confirmReceipt(uint256 seed) external seeded(seed) {
        _act(Action.ConfirmReceipt);
    }

    function accept(uint256 seed) external seeded(seed) {
        _act(Action.Accept);
    }

    function acceptMany(uint256 seed) external seeded(seed) {
        uint256[] memory batch = _draftBatch();
        _openAll(batch);
        for (uint256 i = 0; i < batch.length; ++i) {
            if (_oneIn(2)) _perform(Action.Deliver, batch[i]);
        }
        if (_oneIn(12)) batch[1] = _oneIn(2) ? batch[0] : _find(Action.Accept);
        _acceptAll(batch, false);
    }

    function deemAccept(uint256 seed) external seeded(seed) {
        _act(Action.DeemAccept);
    }

    /// @dev When the last of several lines can be accepted so, now and then a second before.
    function deemAcceptMany(uint256 seed) external seeded(seed) {
        uint256[] memory batch = _draftBatch();
        _openAll(batch);
        uint256 time = 0;
        for (uint256 i = 0; i < batch.length; ++i) {
            _perform(Action.Deliver, batch[i]);
            (uint256 from,) = _window(Action.DeemAccept, batch[i], _line(batch[i]));
            if (from > time) time = from;
        }
        bool early = _oneIn(12);
        VM.warp(early ? time - 1 : time);
        if (!early && _oneIn(12)) batch[1] = _oneIn(2) ? batch[0] : _find(Action.DeemAccept);
        _acceptAll(batch, true);
        if (early) _breach(6, "ESC-6: several lines were accepted by silence too early");
    }

    function reject(uint256 seed) external seeded(seed) {
        _act(Action.Reject);
    }

    function pay(uint256 seed) external seeded(seed) {
        _act(Action.Pay);
    }

    function refund(uint256 seed) external seeded(seed) {
        _act(Action.Refund);
    }

    function extend(uint256 seed) external seeded(seed) {
        _act(Action.Extend);
    }

    function cancel(uint256 seed) external seeded(seed) {
        _act(Action.Cancel);
    }

    function resign(uint256 seed) external seeded(seed) {
        _act(Action.Resign);
    }

    function terminate(uint256 seed) external seeded(seed) {
        _act(Action.Terminate);
    }

    function payRetention(uint256 seed) external seeded(seed) {
        _act(Action.PayRetention);
    }

    function dispute(uint256 seed) external seeded(seed) {
        _act(Action.Dispute);
    }

    function evidence(uint256 seed) external seeded(seed) {
        _act(Action.Evidence);
    }

    function rule(uint256 seed) external seeded(seed) {
        _act(Action.Rule);
    }

    function applyDefault(uint256 seed) external seeded(seed) {
        _act(Action.ApplyDefault);
    }

    function settle(uint256 seed) external seeded(seed) {
        _act(Action.Settle);
    }

    function assign(uint256 seed) external seeded(seed) {
        _act(Action.Assign);
    }

    function amend(uint256 seed) external seeded(seed) {
        _act(Action.Amend);
    }

    function collect(uint256 seed) external seeded(seed) {
        _act(Action.Collect);
    }

    /* FREE BALANCES AND CONDITIONS */

    function deposit(uint256 seed) external seeded(seed) {
        address token = _token(_random(TOKENS));
        _calm(token);
        if (token == address(ODD) && _oneIn(4)) ODD.setOddity(IOddToken.Oddity.TakesFee);
        address owner = _anybody();
        address caller = token == COIN || _oneIn(12) ? _anyCaller() : _deputyOf(owner, ROLE_FINANCE);
        _deposit(caller, owner, token, 1 + _random(1e12));
        bool entitled = token == COIN || _mayAct(owner, caller, ROLE_FINANCE);
        if (!entitled) _breach(9, "ESC-9: a stranger paid with somebody's money");
    }

    function withdraw(uint256 seed) external seeded(seed) {
        address token = _token(_random(TOKENS));
        address owner = _anybody();
        for (uint256 i = 0; i < people.length && ESCROW.freeBalanceOf(owner, token) == 0; ++i) {
            owner = people[i];
        }
        _calm(token);
        if (_isFirm(owner) && !_oneIn(4)) IParty(owner).setManner(IParty.Manner.Accepts);
        address caller = _oneIn(16) ? _anyCaller() : _oneIn(2) ? owner : _deputyOf(owner, ROLE_FINANCE);
        uint256 amount = 1 + _random(ESCROW.freeBalanceOf(owner, token) + (_oneIn(16) ? 1 : 0));
        _make(_call(caller, token, abi.encodeCall(ESCROW.withdraw, (owner, token, amount))));
        if (!_mayAct(owner, caller, ROLE_FINANCE)) _breach(6, "ESC-6: a stranger withdrew somebody's free balance");
    }

    function publishConditions(uint256 seed) external seeded(seed) {
        bytes memory data = abi.encodeCall(ESCROW.publishConditions, (TradeSets.get(_random(TradeSets.COUNT)), ""));
        _make(_call(_anybody(), COIN, data));
    }

    function _isFirm(address person) private view returns (bool) {
        return person == BUYER_FIRM || person == SUPPLIER_FIRM || person == BROKER_FIRM || person == FACTOR_FIRM;
    }

    /* THE WORLD AROUND */

    function donate(uint256 seed) external seeded(seed) {
        (address token, uint256 amount) = (_token(_random(TOKENS)), _random(1e6));
        donated[token] += amount;
        _mint(token, address(ESCROW), amount);
    }

    /// @dev To the instant at which something becomes possible or impossible, or to the second before.
    function wait(uint256 seed) external seeded(seed) {
        uint256 time = block.timestamp + _random(3 days);
        if (deals.length != 0) {
            uint256 index = _random(deals.length);
            (uint256 from, uint256 before) = _window(Action(_random(ACTIONS)), index, _line(index));
            uint256 instant = from == 0 ? before : from;
            if (instant > block.timestamp + 1 && instant < block.timestamp + SOON) time = instant - _random(2);
        }
        VM.warp(time);
    }

    function provoke(uint256 seed) external seeded(seed) {
        _provoke();
    }

    /* WHAT MUST BE REFUSED */

    /// @dev Everything again with a line that is closed or revoked, by those who could do it before.
    function disturb(uint256 seed) external seeded(seed) {
        uint256 index = _finalDeal();
        Terms memory terms = deals[index].terms;
        Call memory call = _valid(Action(_random(ACTIONS - 1)), index); // goods may still be collected
        if (_oneIn(8)) (call.caller, call.data) = (terms.buyer, abi.encodeCall(ESCROW.revoke, (terms)));
        if (_passes(call)) _breach(4, "ESC-4: something was done with a final line");
    }

    /// @dev The consents of a line that was opened, or revoked, once more.
    function replay(uint256 seed) external seeded(seed) {
        uint256 index = _oneIn(3) ? _find(Action.Accept) : _finalDeal();
        bytes32 digest = LineId.unwrap(deals[index].id);
        if (_tryToOpen(deals[index].terms, digest)) {
            _breach(4, "ESC-4: terms were opened that were opened or revoked before");
        }
    }

    /// @dev Somebody is bound, or pays, who did not agree.
    function misopen(uint256 seed) external seeded(seed) {
        if (_passes(_unconsented())) _breach(9, "ESC-9: somebody was bound, or paid, without consent");
    }

    /// @dev The consents to terms that were never opened, for terms that differ in one field.
    function alter(uint256 seed) external seeded(seed) {
        Terms memory terms = _terms(TradeSets.TOOLING);
        bytes32 digest = LineId.unwrap(ESCROW.lineId(terms));
        _alter(terms, _random(8));
        if (_tryToOpen(terms, digest)) _breach(4, "ESC-4: a signature opened another line than the signed one");
    }

    /// @dev A settlement that the parties did not agree to, or no longer.
    function missettle(uint256 seed) external seeded(seed) {
        uint256 index = _find(Action.Settle);
        if (_oneIn(2)) {
            if (_passes(_misquoted(index))) _breach(4, "ESC-4: a signature settled another way than the signed one");
        } else {
            if (_passes(_unagreed(index))) _breach(6, "ESC-6: a line was settled without both parties' consent");
        }
    }

    /// @dev A receivable that is not the seller's, or that the payee did not agree to buy, or not again.
    function misassign(uint256 seed) external seeded(seed) {
        if (_passes(_misassignment(_find(Action.Assign)))) {
            _breach(4, "ESC-4: a receivable was assigned by somebody else, or by a signature for another time");
        }
    }

    /// @dev A supplier that sold its receivable gives the money away, itself or by its operator.
    function giveAway(uint256 seed) external seeded(seed) {
        uint256 index = _find(Action.Refund);
        if (deals[index].payee == address(0)) _make(_assignment(index));
        Terms memory terms = deals[index].terms;
        bytes memory data =
            _oneIn(3) ? abi.encodeCall(ESCROW.resign, (terms)) : abi.encodeCall(ESCROW.refund, (terms, 0));
        address caller = _oneIn(2) ? terms.supplier : SALES;
        if (_passes(_call(caller, terms.token, data))) _breach(6, "ESC-6: a supplier gave away what it had sold");
    }

    function _tryToOpen(Terms memory terms, bytes32 signed) private returns (bool opened) {
        _secure(terms, _bond(terms));
        return _passes(_opening(terms, _bothSigned(terms, signed, terms.opener == MARKET ? MARKET : STRANGER)));
    }

    function _alter(Terms memory terms, uint256 field) private view {
        if (field == 0) terms.amount += 1;
        if (field == 1) terms.dueBy += 1;
        if (field == 2) terms.openBy -= 1;
        if (field == 3) terms.broker = terms.broker == BROKER ? BROKER_FIRM : BROKER;
        if (field == 4) terms.inspector = terms.inspector == address(0) ? INSPECTOR : address(0);
        if (field == 5) terms.conditions = published[0];
        if (field == 6) terms.orderRef = bytes32(uint256(1));
        if (field == 7) terms.salt += 1 << 128;
    }

    /* THE END */

    /// @dev ESC-3 for one line.
    function close(uint256 seed) external seeded(seed) {
        uint256 index = _find(Action(_random(ACTIONS - 1)));
        if (_oneIn(2)) _turn(true);
        _expectWaysOut(index);
        _close(index);
    }

    /// @notice ESC-3 for every line.
    function closeAll() external seeded(deals.length) {
        if (_oneIn(2)) _turn(true);
        for (uint256 i = 0; i < deals.length; ++i) {
            _expectWaysOut(i);
            _close(i);
        }
    }

    /// @dev Each party in turn closes the line by its own calls alone, while nobody else does anything. It is undone.
    function _expectWaysOut(uint256 index) private {
        Status status = _line(index).status;
        if (!_isLive(status)) return;
        bool timeDecides = status != Status.Open && status != Status.Rejected;
        uint256 time = block.timestamp;
        _expectWayOut(deals[index].terms.buyer, index);
        if (timeDecides || deals[index].payee == address(0)) _expectWayOut(deals[index].terms.supplier, index);
        if (timeDecides) _expectWayOut(STRANGER, index);
        VM.warp(time);
    }

    function _expectWayOut(address party, uint256 index) private {
        try this.closeBy(party, index) {}
        catch (bytes memory reason) {
            if (bytes4(reason) != Handler_Closed.selector) _breach(3, "ESC-3: a party alone can't close its line");
        }
    }

    /// @notice Closes a line by what one party itself can do, and undoes it: reverts with Handler_Closed if it could.
    function closeBy(address party, uint256 index) external {
        while (_isLive(_line(index).status)) {
            Action action = _wayOut(_line(index).status, party == deals[index].terms.supplier);
            _waitFor(action, index);
            Call memory call = _call(party, deals[index].terms.token, _data(action, index));
            if (!_passes(call)) revert Handler_Stuck(action);
        }
        revert Handler_Closed();
    }

    function _close(uint256 index) private {
        try this.closeAlone(index) {}
        catch {
            _breach(3, "ESC-3: a line can't be closed by one party alone");
        }
    }

    /// @notice Closes a line by what one honest party, or anyone, can do alone: in two steps at most (Delivered,
    /// Retained, Closed).
    function closeAlone(uint256 index) external {
        while (_isLive(_line(index).status)) _stepAlone(index);
    }

    function _stepAlone(uint256 index) private {
        Action action = _wayOut(_line(index).status, deals[index].payee == address(0) && _oneIn(2));
        _waitFor(action, index);
        _perform(action, index);
    }

    /// @dev What ends a line's status by itself: a call that only time or one party decides.
    function _wayOut(Status status, bool supplier) private pure returns (Action) {
        if (status == Status.Delivered) return Action.DeemAccept;
        if (status == Status.Disputed) return Action.ApplyDefault;
        if (status == Status.Retained) return Action.PayRetention;
        return supplier ? Action.Resign : Action.Terminate;
    }

    function _waitFor(Action action, uint256 index) private {
        (uint256 from,) = _window(action, index, _line(index));
        // To resign earlier would take the supplier's money for the advance.
        if (action == Action.Resign && _inResignPeriod(deals[index])) from = deals[index].terms.dueBy;
        if (from > block.timestamp) VM.warp(from);
    }

    /// @dev Everybody takes out all that is theirs of a token.
    function empty(uint256 seed) external seeded(seed) {
        _turn(false);
        _empty(_token(_random(TOKENS)));
    }

    /// @notice The same for every token, and for all goods.
    function emptyAll() external {
        _turn(false);
        for (uint256 k = 0; k < TOKENS; ++k) {
            _empty(_token(k));
        }
        for (uint256 i = 0; i < deals.length; ++i) {
            if (deals[i].owed != 0) _collect(i);
        }
    }

    /// @dev What is in custody for whoever is entitled to it.
    function _collect(uint256 index) private {
        Terms memory terms = deals[index].terms;
        address entitled = deals[index].goodsToBuyer ? terms.buyer : terms.supplier;
        bytes memory data = abi.encodeCall(ESCROW.collect, (terms, deals[index].goods));
        (bool done,) = _try(_call(entitled, terms.token, data));
        if (!done || deals[index].owed != 0) _breach(10, "ESC-10: somebody's goods can't be collected");
    }

    function _empty(address token) private {
        for (uint256 i = 0; i < people.length; ++i) {
            uint256 amount = ESCROW.freeBalanceOf(people[i], token);
            if (amount == 0) continue;
            (bool done,) = _try(_call(people[i], token, abi.encodeCall(ESCROW.withdraw, (people[i], token, amount))));
            if (!done) _breach(1, "ESC-1: somebody's money can't be withdrawn");
        }
    }
}
