// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Delivery, Line, LineId, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Call} from "./Books.sol";
import {Opening} from "./Opening.sol";
import {Action} from "./Rules.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";
import {IOddToken, IParty} from "./World.sol";

/// @notice What people do with the escrow, each function one thing, decided by its seed: mostly right, now and then
/// by the wrong caller or at the wrong time. A function reverts when the escrow refuses what it tried.
contract Handler is Opening {
    error Handler_NothingToDo(Action action);

    uint256 private constant SOON = 60 days;

    /* LINES */

    function open(uint256 seed) external seeded(seed) {
        _open(_draft(_terms(_random(TradeSets.COUNT)), _oneIn(3) ? 1 + _random(3) : 0));
    }

    function openMany(uint256 seed) external seeded(seed) {
        _openBatch();
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
        uint256[] memory batch = _openBatch();
        Terms[] memory terms = new Terms[](batch.length);
        for (uint256 i = 0; i < batch.length; ++i) {
            terms[i] = deals[batch[i]].terms;
            if (_oneIn(2)) _perform(Action.Deliver, batch[i]);
        }
        address caller = _oneIn(2) ? terms[0].buyer : PURCHASING;
        bytes memory data = abi.encodeCall(ESCROW.acceptMany, (terms, new uint256[][](terms.length)));
        _make(_call(caller, terms[0].token, data));
    }

    function deemAccept(uint256 seed) external seeded(seed) {
        _act(Action.DeemAccept);
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

    function collect(uint256 seed) external seeded(seed) {
        _act(Action.Collect);
    }

    /* FREE BALANCES AND CONDITIONS */

    function deposit(uint256 seed) external seeded(seed) {
        address token = _token(_random(TOKENS));
        _calm(token);
        if (token == address(ODD) && _oneIn(4)) ODD.setOddity(IOddToken.Oddity.TakesFee);
        address owner = _anybody();
        _deposit(token == COIN ? _anybody() : owner, owner, token, _random(1e12));
    }

    function withdraw(uint256 seed) external seeded(seed) {
        address token = _token(_random(TOKENS));
        address owner = _anybody();
        for (uint256 i = 0; i < people.length && ESCROW.freeBalanceOf(owner, token) == 0; ++i) {
            owner = people[i];
        }
        _calm(token);
        if (_isFirm(owner) && !_oneIn(4)) IParty(owner).setManner(IParty.Manner.Accepts);
        address caller = _oneIn(16) ? _anybody() : owner;
        uint256 amount = 1 + _random(ESCROW.freeBalanceOf(owner, token) + (_oneIn(16) ? 1 : 0));
        _make(_call(caller, token, abi.encodeCall(ESCROW.withdraw, (owner, token, amount))));
        bool entitled = caller == owner || _worksFor(caller, owner);
        if (!entitled) _breach(6, "ESC-6: a stranger withdrew somebody's free balance");
    }

    function publishConditions(uint256 seed) external seeded(seed) {
        bytes memory data = abi.encodeCall(ESCROW.publishConditions, (TradeSets.get(_random(TradeSets.COUNT)), ""));
        _make(_call(_anybody(), COIN, data));
    }

    /* THE WORLD AROUND */

    function donate(uint256 seed) external seeded(seed) {
        (address token, uint256 amount) = (_token(_random(TOKENS)), _random(1e6));
        donated[token] += amount;
        _mint(token, address(ESCROW), amount);
    }

    /// @dev To the instant at which something becomes possible or impossible, or to a second before or after.
    function wait(uint256 seed) external seeded(seed) {
        uint256 time = block.timestamp + _random(3 days);
        if (deals.length != 0) {
            uint256 index = _random(deals.length);
            (uint256 from, uint256 before) = _window(Action(_random(ACTIONS)), index, _line(index));
            uint256 instant = (from == 0 ? before : from) - _random(2);
            if (instant > block.timestamp && instant < block.timestamp + SOON) time = instant;
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

    /// @dev The consents to terms that were never opened, for terms that differ in one field.
    function alter(uint256 seed) external seeded(seed) {
        Terms memory terms = _terms(TradeSets.TOOLING);
        bytes32 digest = LineId.unwrap(ESCROW.lineId(terms));
        _alter(terms, _random(8));
        if (_tryToOpen(terms, digest)) _breach(4, "ESC-4: a signature opened another line than the signed one");
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
        _turn(_oneIn(2));
        try this.closeAlone(index) {}
        catch {
            _breach(3, "ESC-3: a line can't be closed by one party alone");
        }
    }

    /// @notice ESC-3 for every line.
    function closeAll() external seeded(deals.length) {
        _turn(_oneIn(2));
        for (uint256 i = 0; i < deals.length; ++i) {
            try this.closeAlone(i) {}
            catch {
                _breach(3, "ESC-3: a line can't be closed by one party alone");
            }
        }
    }

    /// @notice Closes a line by what one honest party, or anyone, can do alone. Delivered, Retained, Closed: two steps at most.
    function closeAlone(uint256 index) external {
        while (_isLive(_line(index).status)) _closeAlone(index);
    }

    /// @dev Everybody takes out all that is theirs of a token.
    function empty(uint256 seed) external seeded(seed) {
        _turn(false);
        _empty(_token(_random(TOKENS)));
    }

    /// @notice The same for every token.
    function emptyAll() external {
        _turn(false);
        for (uint256 k = 0; k < TOKENS; ++k) {
            _empty(_token(k));
        }
    }

    function _empty(address token) private {
        for (uint256 i = 0; i < people.length; ++i) {
            uint256 amount = ESCROW.freeBalanceOf(people[i], token);
            Call memory call = _call(people[i], token, abi.encodeCall(ESCROW.withdraw, (people[i], token, amount)));
            (bool done,) = amount == 0 ? (true, call.data) : _try(call);
            if (!done) _breach(1, "ESC-1: somebody's money can't be withdrawn");
        }
    }

    function _closeAlone(uint256 index) private {
        Line memory line = _line(index);
        Action action = Action.PayRetention;
        if (line.status == Status.Delivered) action = Action.DeemAccept;
        if (line.status == Status.Open || line.status == Status.Rejected) {
            action = _oneIn(2) ? Action.Resign : Action.Terminate;
        }
        // To resign earlier would take the supplier's money for the advance.
        if (action == Action.Resign && _inResignPeriod(deals[index])) VM.warp(deals[index].terms.dueBy);
        _perform(action, index);
    }

    /* HOSTILITY */

    /// @dev A token or a receiver turns bad, or good again.
    function _provoke() private {
        bytes memory call = _callBack();
        if (_oneIn(2)) {
            address firm = [BUYER_FIRM, SUPPLIER_FIRM, BROKER_FIRM][_random(3)];
            IParty.Manner manner = IParty.Manner(_random(5));
            if (manner == IParty.Manner.Calls) IParty(firm).setCall(address(ESCROW), call);
            else IParty(firm).setManner(manner);
            return;
        }
        IOddToken.Oddity oddity = IOddToken.Oddity(_random(10));
        // These two lie about what they moved: lines in such a token share its losses.
        if (oddity == IOddToken.Oddity.ReturnsTwo || oddity == IOddToken.Oddity.TakesFee) return;
        if (oddity == IOddToken.Oddity.Blocks) ODD.setBlocked(_anybody());
        else if (oddity == IOddToken.Oddity.Calls) ODD.setCall(address(ESCROW), call);
        else ODD.setOddity(oddity);
    }

    /// @dev What a receiver calls when it is paid: any of what anyone may do, or a payment to itself.
    function _callBack() private returns (bytes memory) {
        if (deals.length == 0 || _oneIn(3)) return abi.encodeCall(ESCROW.withdraw, (BUYER_FIRM, COIN, 1));
        Action[4] memory actions = [Action.DeemAccept, Action.PayRetention, Action.Pay, Action.Accept];
        return _data(actions[_random(4)], _random(deals.length));
    }

    /// @dev Everybody who can be bad is, or nobody.
    function _turn(bool hostile) private {
        IParty.Manner manner = hostile ? IParty.Manner.Reverts : IParty.Manner.Accepts;
        IParty(BUYER_FIRM).setManner(manner);
        IParty(SUPPLIER_FIRM).setManner(manner);
        IParty(BROKER_FIRM).setManner(manner);
        ODD.setOddity(hostile ? IOddToken.Oddity.Paused : IOddToken.Oddity.None);
    }

    /* ONE ACTION */

    /// @dev On some line that it suits, by chance at the wrong time or by the wrong caller.
    function _act(Action action) private {
        uint256 index = _find(action);
        bool timely = _arrive(action, index);
        if (action == Action.Resign) _secure(deals[index].terms, deals[index].terms.amount);
        Call memory call = _valid(action, index);
        if (_oneIn(12)) call.caller = _anybody();
        if (_oneIn(4)) _provoke();
        if (_oneIn(16)) call.gas = 200_000 + _random(600_000); // perhaps not enough for its payouts
        bool entitled = _isEntitled(call.caller, action, index);
        _make(call);
        if (!timely) _breach(6, "ESC-6: something was done too early or too late");
        if (!entitled) _breach(6, "ESC-6: somebody did what only others may do");
    }

    /// @dev As it should be.
    function _perform(Action action, uint256 index) private {
        (uint256 from,) = _window(action, index, _line(index));
        if (from > block.timestamp) VM.warp(from);
        _make(_valid(action, index));
    }

    function _valid(Action action, uint256 index) private returns (Call memory) {
        address caller = _entitled(action, index, _line(index))[_random(3)];
        if (caller == address(0)) caller = _anybody();
        return _call(caller, deals[index].terms.token, _data(action, index));
    }

    /// @dev A line that the action suits, soon if not now; most often an old one, else a new one that is brought so far.
    function _find(Action action) private returns (uint256) {
        uint256 start = _random(deals.length + 1);
        for (uint256 i = 0; i < deals.length && !_oneIn(24); ++i) {
            uint256 index = (start + i) % deals.length;
            Line memory line = _line(index);
            if (!_suits(action, index, line)) continue;
            (uint256 from, uint256 before) = _window(action, index, line);
            if (block.timestamp < before && (from < block.timestamp + SOON || _oneIn(8))) return index;
        }
        return _arrange(action);
    }

    function _arrange(Action action) private returns (uint256 index) {
        index = _draft(_terms(TradeSets.TOOLING), action == Action.Collect || _oneIn(4) ? 1 : 0);
        _open(index);
        bool handedOver = action == Action.PayRetention || action == Action.Collect;
        bool delivered = handedOver || action == Action.ConfirmReceipt || action == Action.DeemAccept;
        if (delivered || action == Action.Accept || action == Action.Reject) _perform(Action.Deliver, index);
        if (handedOver) _perform(action == Action.Collect && _oneIn(2) ? Action.Reject : Action.Accept, index);
        if (!_suits(action, index, _line(index))) revert Handler_NothingToDo(action);
    }

    /// @dev A line that is closed or revoked; if possible one whose terms could still be opened in time.
    function _finalDeal() private returns (uint256 index) {
        uint256 start = _random(deals.length + 1);
        for (uint256 i = 0; i < deals.length; ++i) {
            index = (start + i) % deals.length;
            if (deals[index].end != 0 && (block.timestamp < deals[index].terms.openBy || _oneIn(8))) return index;
        }
        index = _draft(_terms(TradeSets.TOOLING), 0);
        if (_oneIn(2)) {
            _revoke(index);
        } else {
            _open(index);
            _perform(Action.Cancel, index);
        }
    }

    function _revoke(uint256 index) private {
        Terms memory terms = deals[index].terms;
        address caller = [terms.buyer, terms.supplier, PURCHASING, SALES][_random(4)];
        _make(_call(caller, terms.token, abi.encodeCall(ESCROW.revoke, (terms))));
    }

    function _openBatch() private returns (uint256[] memory batch) {
        batch = new uint256[](2 + _random(2));
        Terms memory terms = _terms(_random(TradeSets.COUNT));
        for (uint256 i = 0; i < batch.length; ++i) {
            batch[i] = _draft(i == 0 ? terms : _termsBeside(terms), 0);
        }
        _openAll(batch);
    }

    /// @dev Waits until the action is possible, perhaps longer; now and then not long enough, or too long.
    /// @return timely whether the action is possible then.
    function _arrive(Action action, uint256 index) private returns (bool timely) {
        (uint256 from, uint256 before) = _window(action, index, _line(index));
        uint256 time = from > block.timestamp ? from : block.timestamp;
        uint256 chance = _random(16);
        if (chance == 0 && from > block.timestamp) time = from - 1;
        if (before < block.timestamp + SOON) {
            if (chance == 1) time = before;
            if (chance == 2 || chance == 3) time = before - 1;
            if (chance > 12 && before > time) time += _random(before - time);
        }
        VM.warp(time);
        return from <= time && time < before;
    }

    function _isEntitled(address caller, Action action, uint256 index) private view returns (bool) {
        address[3] memory list = _entitled(action, index, _line(index));
        return list[0] == address(0) || caller == list[0] || caller == list[1] || caller == list[2];
    }

    function _worksFor(address operator, address principal) private view returns (bool) {
        if (operator == PURCHASING) return principal == BUYER || principal == BUYER_FIRM;
        bool supplies = principal == SUPPLIER || principal == SUPPLIER_FIRM || principal == SUPPLIER_WALLET;
        return operator == SALES && supplies;
    }

    function _isFirm(address person) private view returns (bool) {
        return person == BUYER_FIRM || person == SUPPLIER_FIRM || person == BROKER_FIRM;
    }

    /* CALLDATA */

    function _data(Action action, uint256 index) private returns (bytes memory) {
        Terms memory terms = deals[index].terms;
        if (action == Action.Deliver) return _delivery(terms, index);
        if (action == Action.Accept) return abi.encodeCall(ESCROW.accept, (terms, _handedOver(index)));
        if (action == Action.DeemAccept) return abi.encodeCall(ESCROW.deemAccept, (terms, _handedOver(index)));
        if (action == Action.Collect) return abi.encodeCall(ESCROW.collect, (terms, deals[index].goods));
        if (action == Action.Reject) return abi.encodeCall(ESCROW.reject, (terms, "scratched"));
        if (action == Action.Pay) return abi.encodeCall(ESCROW.pay, (terms, _less(index)));
        if (action == Action.Refund) return abi.encodeCall(ESCROW.refund, (terms, _less(index)));
        if (action == Action.Extend) return abi.encodeCall(ESCROW.extend, (terms, _longer(index)));
        if (action == Action.ConfirmReceipt) return abi.encodeCall(ESCROW.confirmReceipt, (terms));
        if (action == Action.Cancel) return abi.encodeCall(ESCROW.cancel, (terms));
        if (action == Action.Resign) return abi.encodeCall(ESCROW.resign, (terms));
        if (action == Action.Terminate) return abi.encodeCall(ESCROW.terminate, (terms));
        return abi.encodeCall(ESCROW.payRetention, (terms));
    }

    /// @dev A redelivery brings all goods again if the supplier collected them, otherwise none.
    function _delivery(Terms memory terms, uint256 index) private view returns (bytes memory) {
        uint256[] memory assets = _inCustody(deals[index].id) ? new uint256[](0) : deals[index].goods;
        return abi.encodeCall(ESCROW.deliver, (terms, Delivery("evidence", "invoice", "", assets)));
    }

    /// @dev The goods, or none of them, to be collected later.
    function _handedOver(uint256 index) private returns (uint256[] memory) {
        return _inCustody(deals[index].id) && _oneIn(2) ? deals[index].goods : new uint256[](0);
    }

    /// @dev Some amount below what the line holds, most often not much.
    function _less(uint256 index) private returns (uint128) {
        uint256 held = _line(index).held;
        if (held == 0) return 0;
        if (_oneIn(4)) return uint128(_random(held));
        return uint128(held - 1 - _random(held) / 10);
    }

    function _longer(uint256 index) private returns (uint40) {
        return _line(index).extra + uint40(1 + _random(40 days));
    }
}
