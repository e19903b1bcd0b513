// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Delivery, Line, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Call} from "./Books.sol";
import {Deciding} from "./Deciding.sol";
import {Action} from "./Rules.sol";
import {TradeSets} from "./TradeSets.sol";
import {VM} from "./Vm.sol";
import {IOddToken, IParty} from "./World.sol";

/// @notice How people act on lines: which line, when, by whom, with what; and how tokens and receivers turn on them.
abstract contract Acting is Deciding {
    uint256 internal constant SOON = 60 days;

    error Acting_NothingToDo(Action action);

    /* HOSTILITY */

    /// @dev A token, a receiver or a registry turns bad, or good again.
    function _provoke() internal {
        bytes memory call = _callBack();
        if (deals.length != 0 && _oneIn(6)) {
            ASSETS.holdBack(deals[_random(deals.length)].goods, !_oneIn(3));
            return;
        }
        if (_oneIn(2)) {
            address firm = [BUYER_FIRM, SUPPLIER_FIRM, BROKER_FIRM, FACTOR_FIRM][_random(4)];
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
        Action[4] memory actions = [Action.DeemAccept, Action.PayRetention, Action.ApplyDefault, Action.Accept];
        return _data(actions[_random(4)], _random(deals.length));
    }

    /// @dev Everybody who can be bad is, or nobody.
    function _turn(bool hostile) internal {
        IParty.Manner manner = hostile ? IParty.Manner.Reverts : IParty.Manner.Accepts;
        IParty(BUYER_FIRM).setManner(manner);
        IParty(SUPPLIER_FIRM).setManner(manner);
        IParty(BROKER_FIRM).setManner(manner);
        IParty(FACTOR_FIRM).setManner(manner);
        ODD.setOddity(hostile ? IOddToken.Oddity.Paused : IOddToken.Oddity.None);
        for (uint256 i = 0; i < deals.length; ++i) {
            if (deals[i].goods.length != 0) ASSETS.holdBack(deals[i].goods, hostile);
        }
    }

    /* ONE ACTION */

    /// @dev On some line that it suits, by chance at the wrong time or by the wrong caller.
    function _act(Action action) internal {
        uint256 index = _find(action);
        bool timely = _arrive(action, index);
        if (action == Action.Resign) _secure(deals[index].terms, deals[index].terms.amount);
        if (action == Action.Dispute) _secureFee(index);
        if (_movesGoods(action) && !_oneIn(8)) ASSETS.holdBack(deals[index].goods, false);
        Call memory call = _valid(action, index);
        if (_oneIn(12)) call.caller = _anyCaller();
        if (_oneIn(4)) _provoke();
        bool starved = _oneIn(16);
        if (starved) call.gas = 200_000 + _random(600_000); // perhaps not enough for its payouts
        (bool done, bytes memory answer) = _try(call);
        if (!done) return starved ? _revertWith(answer) : _askWhy(action, index, call, timely, answer);
        if (!timely) _breach(6, "ESC-6: something was done too early or too late");
        bool entitled = _isEntitled(call) || _isPayeesEvidence(action, index, call);
        if (!entitled) _breach(6, "ESC-6: somebody did what only others may do");
    }

    /// @dev A refusal must not be a token's, a receiver's or a registry's doing, where money only goes out; nothing stops
    /// silence; and goods that nobody holds back can be collected.
    function _askWhy(Action action, uint256 index, Call memory call, bool timely, bytes memory answer) private {
        _turn(false);
        (bool done,) = _try(call);
        if (done && !_movesGoods(action) && action != Action.Amend) {
            _breach(5, "ESC-5: a payout was stopped by who gets it, by its token or by goods held back");
        } else if (!done && timely && action == Action.DeemAccept) {
            _breach(8, "ESC-8: silence was made to wait");
        } else if (!done && action == Action.Collect && _isEntitled(call)) {
            _breach(10, "ESC-10: the entitled party can't collect its goods");
        } else {
            _revertWith(answer);
        }
    }

    function _movesGoods(Action action) private pure returns (bool) {
        return action == Action.Deliver || action == Action.Collect;
    }

    /// @dev As it should be.
    function _perform(Action action, uint256 index) internal {
        (uint256 from,) = _window(action, index, _line(index));
        if (from > block.timestamp) VM.warp(from);
        if (action == Action.Dispute) _secureFee(index);
        _make(_valid(action, index));
    }

    function _valid(Action action, uint256 index) internal returns (Call memory call) {
        if (action == Action.Settle) return _settlement(index);
        if (action == Action.Amend) return _amendment(index);
        if (action == Action.Assign) return _assignment(index);
        address[3] memory entitled = _entitled(action, index, _line(index));
        uint16 roles = _rolesFor(action, index, _line(index));
        address caller = entitled[_random(3)];
        if (caller == address(0)) caller = _anyCaller();
        else if (_oneIn(2)) caller = _deputyOf(caller, roles);
        if (action == Action.Rule) call = _ruling(caller, index);
        else call = _call(caller, deals[index].terms.token, _data(action, index));
        (call.entitled, call.roles) = (entitled, roles);
    }

    /// @dev Who may dispute has what the arbiter's fee takes.
    function _secureFee(uint256 index) private {
        Terms memory terms = deals[index].terms;
        _calm(terms.token);
        address[3] memory disputants = _entitled(Action.Dispute, index, _line(index));
        _depositFor(disputants[0], terms.token, deals[index].fee);
        _depositFor(disputants[1], terms.token, deals[index].fee);
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

    function _isEntitled(Call memory call) private view returns (bool) {
        for (uint256 i = 0; i < 3; ++i) {
            address principal = call.entitled[i];
            if (principal == address(0) || _mayAct(principal, call.caller, call.roles)) return true;
        }
        return false;
    }

    /// @dev The fourth who submits evidence.
    function _isPayeesEvidence(Action action, uint256 index, Call memory call) private view returns (bool) {
        return action == Action.Evidence && _mayAct(_supplierSide(deals[index]), call.caller, call.roles);
    }

    /* LINES TO ACT ON */

    /// @dev A line that the action suits, soon if not now; most often an old one, else a new one brought so far.
    function _find(Action action) internal returns (uint256) {
        uint256 start = _random(deals.length + 1);
        for (uint256 i = 0; i < deals.length && !_oneIn(24); ++i) {
            uint256 index = (start + i) % deals.length;
            Line memory line = deals[index].line;
            if (!_suits(action, index, line)) continue;
            (uint256 from, uint256 before) = _window(action, index, line);
            if (block.timestamp < before && (from < block.timestamp + SOON || _oneIn(8))) return index;
        }
        return _arrange(action);
    }

    function _arrange(Action action) private returns (uint256 index) {
        bool disputed = action == Action.Evidence || action == Action.Rule || action == Action.ApplyDefault;
        if (disputed || action == Action.Dispute) index = _disputable(action != Action.Rule && _oneIn(2));
        else index = _inspectable(action);
        if (disputed) _dispute(index);
        if (!_suits(action, index, _line(index))) revert Acting_NothingToDo(action);
    }

    function _inspectable(Action action) private returns (uint256 index) {
        index = _draft(_terms(TradeSets.TOOLING), action == Action.Collect || _oneIn(4) ? 1 : 0);
        _open(index);
        // So late that a rejection's time to cure ends after the long stop.
        if (action == Action.Terminate) VM.warp(_lastMoment(Action.Deliver, index));
        bool rejected = action == Action.Collect || action == Action.Terminate;
        bool inspected = rejected || action == Action.PayRetention;
        bool delivered = inspected || action == Action.ConfirmReceipt || action == Action.DeemAccept;
        if (delivered || action == Action.Accept || action == Action.Reject) _perform(Action.Deliver, index);
        if (inspected) _perform(rejected ? Action.Reject : Action.Accept, index);
    }

    function _lastMoment(Action action, uint256 index) private view returns (uint256) {
        (, uint256 before) = _window(action, index, _line(index));
        return before - 1;
    }

    /// @dev Delivered, rejected or retained; plain conditions have no retention, and need no arbiter.
    function _disputable(bool plain) private returns (uint256 index) {
        index = _draft(_terms(plain ? TradeSets.PLAIN : TradeSets.TOOLING), _oneIn(4) ? 1 : 0);
        _open(index);
        _perform(Action.Deliver, index);
        uint256 kind = _random(3);
        if (kind == 1) _perform(Action.Reject, index);
        if (kind == 2 && !plain) _perform(Action.Accept, index);
    }

    /// @dev Perhaps twice: acceptance ends the supplier's dispute, then the buyer's is about the retention.
    function _dispute(uint256 index) private {
        bool again = _line(index).status == Status.Rejected && _agreed(index).rates.retentionBps() != 0 && _oneIn(2);
        _perform(Action.Dispute, index);
        if (!again) return;
        _perform(Action.Accept, index);
        _perform(Action.Dispute, index);
    }

    /// @dev Two or three lines of the same parties.
    function _draftBatch() internal returns (uint256[] memory batch) {
        batch = new uint256[](2 + _random(2));
        Terms memory terms = _terms(_random(TradeSets.COUNT));
        for (uint256 i = 0; i < batch.length; ++i) {
            batch[i] = _draft(i == 0 ? terms : _termsBeside(terms), 0);
        }
    }

    /// @dev A line that is closed or revoked; if possible one whose terms could still be opened in time.
    function _finalDeal() internal returns (uint256 index) {
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

    /// @dev By the buyer, or by silence.
    function _acceptAll(uint256[] memory batch, bool silently) internal {
        Terms[] memory terms = new Terms[](batch.length);
        uint256[][] memory goods = new uint256[][](batch.length);
        for (uint256 i = 0; i < batch.length; ++i) {
            terms[i] = deals[batch[i]].terms;
            goods[i] = _named(batch[i]);
        }
        address caller = silently ? _anybody() : _oneIn(2) ? terms[0].buyer : PURCHASING;
        bytes memory data = silently
            ? abi.encodeCall(ESCROW.deemAcceptMany, (terms, goods))
            : abi.encodeCall(ESCROW.acceptMany, (terms, goods));
        _make(_call(caller, terms[0].token, data));
    }

    function _revoke(uint256 index) internal {
        Terms memory terms = deals[index].terms;
        address caller = [terms.buyer, terms.supplier, PURCHASING, SALES][_random(4)];
        _make(_call(caller, terms.token, abi.encodeCall(ESCROW.revoke, (terms))));
    }

    /* CALLDATA */

    function _data(Action action, uint256 index) internal returns (bytes memory) {
        Terms memory terms = deals[index].terms;
        if (action == Action.Deliver) return _delivery(terms, index);
        if (action == Action.Accept) return abi.encodeCall(ESCROW.accept, (terms, _named(index)));
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
        if (action == Action.Dispute) return abi.encodeCall(ESCROW.dispute, (terms, "photos", ""));
        if (action == Action.Evidence) return abi.encodeCall(ESCROW.evidence, (terms, "drawings", ""));
        if (action == Action.ApplyDefault) return abi.encodeCall(ESCROW.applyDefault, (terms));
        return abi.encodeCall(ESCROW.payRetention, (terms));
    }

    /// @dev A redelivery brings all goods again if the supplier collected them, otherwise none.
    function _delivery(Terms memory terms, uint256 index) private view returns (bytes memory) {
        uint256[] memory assets = _inCustody(deals[index].id) ? new uint256[](0) : deals[index].goods;
        return abi.encodeCall(ESCROW.deliver, (terms, Delivery("evidence", "invoice", "", assets)));
    }

    /// @dev The goods that are here; seldom none, to be refused if some are.
    function _named(uint256 index) private returns (uint256[] memory) {
        return _inCustody(deals[index].id) && !_oneIn(24) ? deals[index].goods : new uint256[](0);
    }

    /// @dev The goods, or none of them, to be collected later.
    function _handedOver(uint256 index) private returns (uint256[] memory) {
        return _inCustody(deals[index].id) && _oneIn(2) ? deals[index].goods : new uint256[](0);
    }

    /// @dev Some amount below what the line holds, most often not much.
    function _less(uint256 index) private returns (uint128) {
        uint256 held = _line(index).held;
        if (held == 0 || _oneIn(24)) return uint128(held); // not less: to be refused
        if (_oneIn(4)) return uint128(_random(held));
        return uint128(held - 1 - _random(held) / 10);
    }

    function _longer(uint256 index) private returns (uint40) {
        return _line(index).extra + uint40(1 + _random(40 days));
    }
}
