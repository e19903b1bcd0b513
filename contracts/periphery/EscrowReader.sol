// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ROLE_ASSETS, ROLE_CHANGE, ROLE_FINANCE, ROLE_OPEN, ROLE_QUALITY} from "../directory/DirectoryTypes.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {Conditions} from "../escrow/Conditions.sol";
import {ISupplierEscrow} from "../escrow/ISupplierEscrow.sol";
import {Payoff, Payoffs} from "../escrow/Payoffs.sol";
import {
    Ending,
    FLAG_AMENDED,
    FLAG_ASSIGNED,
    FLAG_GOODS_TO_BUYER,
    FLAG_RETENTION_DISPUTED,
    Line,
    LineId,
    Status,
    Terms
} from "../escrow/SupplierEscrowTypes.sol";
import {Action, Arguments, Clocks, IEscrowReader, Overview, Possible} from "./IEscrowReader.sol";

/// @dev An action on a line, with all that decides about it.
struct Case {
    Terms terms;
    LineId id;
    Line line;
    Conditions agreed;
    address supplierSide;
    address caller;
    uint256 figure;
    uint256[] assets;
}

contract EscrowReader is IEscrowReader {
    uint40 private constant LONGEST_EXTENSION = 366 days;
    uint256 private constant POSSIBLE_AT_ONCE = 4;

    /// @dev Sets of statuses, a bit each.
    uint256 private constant OPEN = 1 << uint8(Status.Open);
    uint256 private constant DELIVERED = 1 << uint8(Status.Delivered);
    uint256 private constant REJECTED = 1 << uint8(Status.Rejected);
    uint256 private constant RETAINED = 1 << uint8(Status.Retained);
    uint256 private constant DISPUTED = 1 << uint8(Status.Disputed);
    uint256 private constant CLOSED = 1 << uint8(Status.Closed);
    uint256 private constant HOLDING = OPEN | DELIVERED | REJECTED | RETAINED;

    /// @inheritdoc IEscrowReader
    ISupplierEscrow public immutable escrow;
    IDirectory private immutable directory;

    constructor(ISupplierEscrow escrow_) {
        escrow = escrow_;
        directory = escrow_.directory();
    }

    /// @inheritdoc IEscrowReader
    function overview(Terms calldata terms) external view returns (Overview memory o) {
        o.id = escrow.lineId(terms);
        o.line = escrow.lineOf(o.id);
        o.conditions = escrow.conditionsOf(terms.conditions);
        (o.assetsHash, o.owed) = escrow.custodyOf(o.id);
        o.payee = escrow.payeeOf(o.id);
        o.bond = Payoffs.bond(terms.amount, o.conditions.rates);
        o.advance = Payoffs.advance(o.line, terms.amount, o.conditions.rates);
        o.arbiterFee = Payoffs.arbiterFee(terms.amount, o.conditions.rates);
        o.clocks = _clocks(terms, o.line, o.conditions);
        o.possible = _possible(terms, o.line, o.conditions, o.clocks, o.owed != 0);
    }

    /// @inheritdoc IEscrowReader
    function refusal(Action action, Terms calldata terms, address caller, Arguments calldata arguments)
        external
        view
        returns (bytes memory)
    {
        try this.check(action, terms, caller, arguments) {
            return "";
        } catch (bytes memory reason) {
            if (reason.length == 0) revert EscrowReader_NoAnswer();
            return reason;
        }
    }

    /// @inheritdoc IEscrowReader
    function check(Action action, Terms calldata terms, address caller, Arguments calldata arguments) external view {
        Case memory c;
        c.terms = terms;
        c.id = escrow.lineId(terms);
        c.line = escrow.lineOf(c.id);
        c.agreed = escrow.conditionsOf(terms.conditions);
        c.supplierSide = c.line.flags & FLAG_ASSIGNED == 0 ? terms.supplier : escrow.payeeOf(c.id);
        (c.caller, c.figure, c.assets) = (caller, arguments.figure, arguments.assets);
        _requireStatus(c, _statusesOf(action));
        _check(action, c, _clocks(terms, c.line, c.agreed));
    }

    /* INSIDE: ACTIONS */

    /// @dev In which statuses of a line an action is possible, a bit each.
    function _statusesOf(Action action) private pure returns (uint256) {
        if (action == Action.Revoke) return 1 << uint8(Status.None);
        if (action == Action.Cancel) return OPEN;
        if (action == Action.ConfirmReceipt || action == Action.DeemAccept || action == Action.Reject) return DELIVERED;
        if (action == Action.Accept) return OPEN | DELIVERED | REJECTED | DISPUTED;
        if (action == Action.Dispute) return DELIVERED | REJECTED | RETAINED;
        if (action == Action.Evidence || action == Action.Rule || action == Action.ApplyDefault) return DISPUTED;
        if (action == Action.Settle || action == Action.Assign) return HOLDING | DISPUTED;
        if (action == Action.Pay || action == Action.Refund) return HOLDING;
        if (action == Action.PayRetention) return RETAINED;
        if (action == Action.Collect) return REJECTED | RETAINED | CLOSED;
        return OPEN | REJECTED; // Deliver, Amend, Extend, Resign, Terminate
    }

    /// @dev In the order in which the escrow looks.
    function _check(Action action, Case memory c, Clocks memory clocks) private view {
        if (action == Action.Revoke) {
            _requireParty(c, _actsFor(c, c.terms.buyer, ROLE_OPEN) || _actsFor(c, c.terms.supplier, ROLE_OPEN));
        } else if (action == Action.Deliver) {
            _checkDeliver(c, clocks);
        } else if (action == Action.ConfirmReceipt) {
            _requireInspector(c, _inspects(c) || _actsFor(c, c.terms.buyer, ROLE_QUALITY));
            if (block.timestamp >= c.line.since) {
                revert ISupplierEscrow.SupplierEscrow_AlreadyArrived(c.id, c.line.since);
            }
        } else if (action == Action.Accept) {
            _checkAccept(c);
        } else if (action == Action.DeemAccept) {
            _requireFrom(c.id, clocks.inspectionEnd);
            if (c.assets.length != 0) _requireGoods(c);
        } else if (action == Action.Reject) {
            _requireInspector(c, _inspects(c));
            _requireBefore(c.id, clocks.inspectionEnd);
            if (c.line.rejections >= c.agreed.rates.maxRejections()) {
                revert ISupplierEscrow.SupplierEscrow_RejectionsUsedUp(c.id, c.line.rejections);
            }
        } else if (action == Action.Dispute) {
            _checkDispute(c, clocks);
        } else if (action == Action.Evidence) {
            bool party = c.caller == c.terms.arbiter || _actsFor(c, c.terms.buyer, ROLE_QUALITY)
                || _actsFor(c, c.terms.supplier, ROLE_QUALITY);
            _requireParty(c, party || _actsFor(c, c.supplierSide, ROLE_QUALITY));
        } else if (action == Action.Rule) {
            if (c.terms.arbiter == address(0) || c.caller != c.terms.arbiter) {
                revert ISupplierEscrow.SupplierEscrow_NotArbiter(c.id, c.caller);
            }
            _requireBefore(c.id, clocks.arbitrationEnd);
        } else if (action == Action.ApplyDefault) {
            _requireFrom(c.id, clocks.arbitrationEnd);
        } else if (action == Action.PayRetention) {
            _requireFrom(c.id, clocks.retentionEnd);
        } else {
            _checkRest(action, c, clocks);
        }
    }

    function _checkRest(Action action, Case memory c, Clocks memory clocks) private view {
        if (action == Action.Settle || action == Action.Amend) {
            _requireBefore(c.id, c.figure);
        } else if (action == Action.Assign) {
            _requireBefore(c.id, c.figure);
            _requireSupplier(c, c.caller == c.supplierSide);
        } else if (action == Action.Pay) {
            _requireBuyer(c, ROLE_FINANCE);
            _requireHeldBelow(c);
        } else if (action == Action.Refund) {
            _requireSupplier(c, _actsFor(c, c.supplierSide, ROLE_FINANCE));
            _requireHeldBelow(c);
        } else if (action == Action.Extend) {
            _requireBuyer(c, ROLE_CHANGE);
            if (c.figure <= c.line.extra || c.figure > LONGEST_EXTENSION) {
                revert ISupplierEscrow.SupplierEscrow_ExtensionOutOfRange(
                    c.id, uint40(c.figure), c.line.extra, LONGEST_EXTENSION
                );
            }
        } else if (action == Action.Cancel) {
            _requireBuyer(c, ROLE_CHANGE);
            _requireBefore(c.id, _before(c.terms.dueBy, c.agreed.periods.cancelNotice()));
        } else if (action == Action.Resign) {
            _requireSupplier(c, _actsFor(c, c.terms.supplier, ROLE_CHANGE));
            if (c.line.flags & FLAG_ASSIGNED != 0) revert ISupplierEscrow.SupplierEscrow_Assigned(c.id);
        } else if (action == Action.Terminate) {
            _requireBuyer(c, ROLE_CHANGE);
            _requireFrom(c.id, clocks.longStop);
        } else {
            address entitled = c.line.flags & FLAG_GOODS_TO_BUYER != 0 ? c.terms.buyer : c.terms.supplier;
            if (!_actsFor(c, entitled, ROLE_ASSETS)) {
                revert ISupplierEscrow.SupplierEscrow_NotEntitled(c.id, c.caller, entitled);
            }
            _requireGoods(c);
        }
    }

    function _checkDeliver(Case memory c, Clocks memory clocks) private view {
        _requireSupplier(
            c, _actsFor(c, c.terms.supplier, c.assets.length == 0 ? ROLE_QUALITY : ROLE_QUALITY | ROLE_ASSETS)
        );
        _requireFrom(c.id, _before(c.terms.dueBy, c.agreed.periods.deliveryWindow()));
        _requireBefore(c.id, clocks.longStop);
        (, uint64 owed) = escrow.custodyOf(c.id);
        uint256 expected = owed == 0 ? c.terms.assets : 0;
        if (c.assets.length != expected) {
            revert ISupplierEscrow.SupplierEscrow_WrongAssetCount(c.id, c.assets.length, expected);
        }
    }

    function _checkAccept(Case memory c) private view {
        if (c.line.status == Status.Delivered) {
            _requireInspector(c, _inspects(c) || _actsFor(c, c.terms.buyer, ROLE_QUALITY));
        } else {
            _requireBuyer(c, ROLE_FINANCE);
        }
        bool named = c.terms.assets != 0 && c.line.flags & FLAG_RETENTION_DISPUTED == 0;
        if (named || c.assets.length != 0) _requireGoods(c);
    }

    function _checkDispute(Case memory c, Clocks memory clocks) private view {
        if (c.line.status == Status.Rejected) {
            _requireParty(c, _actsFor(c, c.terms.supplier, ROLE_QUALITY) || _actsFor(c, c.supplierSide, ROLE_QUALITY));
            _requireBefore(c.id, clocks.cureEnd);
        } else {
            _requireParty(c, _actsFor(c, c.terms.buyer, ROLE_QUALITY));
            _requireBefore(c.id, c.line.status == Status.Retained ? clocks.retentionEnd : clocks.inspectionEnd);
        }
    }

    /* INSIDE: CLOCKS AND ENDINGS */

    function _clocks(Terms calldata terms, Line memory line, Conditions memory agreed)
        private
        pure
        returns (Clocks memory clocks)
    {
        if (line.status == Status.Delivered) clocks.inspectionEnd = line.since + agreed.rates.inspection();
        if (line.status == Status.Rejected) clocks.cureEnd = line.since + agreed.periods.cure();
        if (line.status == Status.Retained) clocks.retentionEnd = line.since + agreed.periods.retention();
        if (line.status == Status.Disputed) clocks.arbitrationEnd = line.since + agreed.rates.arbitration();
        if (line.status == Status.Open || line.status == Status.Rejected) {
            uint256 stop = uint256(terms.dueBy) + line.extra + agreed.periods.longStop();
            clocks.longStop = stop > clocks.cureEnd ? stop : clocks.cureEnd;
        }
        if (line.status == Status.Open && line.flags & FLAG_AMENDED == 0) {
            uint256 end = line.since + agreed.periods.resignPeriod();
            clocks.declineEnd = end < terms.dueBy ? end : terms.dueBy;
        }
    }

    /// @dev The endings that are possible now, by whomever.
    function _possible(
        Terms calldata terms,
        Line memory line,
        Conditions memory agreed,
        Clocks memory clocks,
        bool goodsHere
    ) private view returns (Possible[] memory found) {
        found = new Possible[](POSSIBLE_AT_ONCE);
        uint256 count;
        (Status status, uint256 amount) = (line.status, terms.amount);
        if (_isAcceptable(terms, line, goodsHere)) {
            if (status == Status.Open) line.lateIntervals = _lateIntervals(terms, line, agreed.rates.lateEvery());
            found[count++] = Possible(Ending.Accepted, Payoffs.accepted(line, amount, agreed.rates));
            if (status == Status.Open) line.lateIntervals = 0;
        }
        if (status == Status.Delivered && block.timestamp >= clocks.inspectionEnd) {
            found[count++] = Possible(Ending.DeemedAccepted, Payoffs.accepted(line, amount, agreed.rates));
        }
        if (status == Status.Open && block.timestamp < _before(terms.dueBy, agreed.periods.cancelNotice())) {
            found[count++] = Possible(Ending.Cancelled, Payoffs.cancelled(line, amount, agreed.rates));
        }
        if (status == Status.Open || status == Status.Rejected) {
            Payoff memory failed = Payoffs.failed(line, amount, agreed.rates);
            if (line.flags & FLAG_ASSIGNED == 0) {
                bool declines = block.timestamp < clocks.declineEnd;
                uint256 advance = Payoffs.advance(line, amount, agreed.rates);
                found[count++] = Possible(Ending.Resigned, declines ? Payoffs.declined(line, advance) : failed);
            }
            if (block.timestamp >= clocks.longStop) found[count++] = Possible(Ending.Terminated, failed);
        }
        if (status == Status.Retained && block.timestamp >= clocks.retentionEnd) {
            found[count++] = Possible(Ending.RetentionPaid, Payoffs.retentionEnded(line));
        }
        if (status == Status.Disputed && block.timestamp >= clocks.arbitrationEnd) {
            found[count++] = Possible(Ending.Defaulted, Payoffs.defaulted(line, agreed.rates));
        }
        // Shortens the array to what was found.
        assembly ("memory-safe") {
            mstore(found, count)
        }
    }

    /// @dev Whether there is something to accept: a line without goods, goods that are here, or were accepted before.
    function _isAcceptable(Terms calldata terms, Line memory line, bool goodsHere) private pure returns (bool) {
        bool complete = terms.assets == 0 || goodsHere || line.flags & FLAG_RETENTION_DISPUTED != 0;
        return (OPEN | DELIVERED | REJECTED | DISPUTED) >> uint8(line.status) & 1 != 0 && complete;
    }

    /// @dev Commenced intervals after dueBy + extra, at most what a line can keep; exactly then is in time.
    function _lateIntervals(Terms calldata terms, Line memory line, uint256 every) private view returns (uint16) {
        uint256 due = uint256(terms.dueBy) + line.extra;
        if (block.timestamp <= due) return 0;
        uint256 late = (block.timestamp - due + every - 1) / every;
        return late < type(uint16).max ? uint16(late) : type(uint16).max;
    }

    function _before(uint256 moment, uint256 period) private pure returns (uint256) {
        return moment > period ? moment - period : 0;
    }

    /* INSIDE: REFUSALS */

    function _actsFor(Case memory c, address principal, uint16 role) private view returns (bool) {
        return c.caller == principal || directory.mayAct(principal, c.caller, role);
    }

    function _inspects(Case memory c) private view returns (bool) {
        return _actsFor(c, c.terms.inspector == address(0) ? c.terms.buyer : c.terms.inspector, ROLE_QUALITY);
    }

    function _requireStatus(Case memory c, uint256 allowed) private pure {
        if (allowed >> uint8(c.line.status) & 1 == 0) {
            revert ISupplierEscrow.SupplierEscrow_WrongStatus(c.id, c.line.status);
        }
    }

    function _requireBuyer(Case memory c, uint16 role) private view {
        if (!_actsFor(c, c.terms.buyer, role)) revert ISupplierEscrow.SupplierEscrow_NotBuyer(c.id, c.caller);
    }

    function _requireSupplier(Case memory c, bool may) private pure {
        if (!may) revert ISupplierEscrow.SupplierEscrow_NotSupplier(c.id, c.caller);
    }

    function _requireParty(Case memory c, bool may) private pure {
        if (!may) revert ISupplierEscrow.SupplierEscrow_NotParty(c.id, c.caller);
    }

    function _requireInspector(Case memory c, bool may) private pure {
        if (!may) revert ISupplierEscrow.SupplierEscrow_NotInspector(c.id, c.caller);
    }

    function _requireFrom(LineId id, uint256 from) private view {
        if (block.timestamp < from) revert ISupplierEscrow.SupplierEscrow_TooEarly(id, block.timestamp, from);
    }

    function _requireBefore(LineId id, uint256 before) private view {
        if (block.timestamp >= before) revert ISupplierEscrow.SupplierEscrow_TooLate(id, block.timestamp, before);
    }

    function _requireHeldBelow(Case memory c) private pure {
        if (c.figure >= c.line.held) {
            revert ISupplierEscrow.SupplierEscrow_HeldNotBelow(c.id, uint128(c.figure), c.line.held);
        }
    }

    /// @dev The list must be the one that is in custody.
    function _requireGoods(Case memory c) private view {
        (bytes24 expected,) = escrow.custodyOf(c.id);
        bytes24 given = bytes24(keccak256(abi.encode(c.assets)));
        if (given != expected) revert ISupplierEscrow.SupplierEscrow_WrongAssets(c.id, given, expected);
    }
}
