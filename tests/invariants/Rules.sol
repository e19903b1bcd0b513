// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Periods, Rates} from "../../contracts/escrow/Conditions.sol";
import {FLAG_GOODS_TO_BUYER, Line, LineId, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {Books} from "./Books.sol";

/// @dev What can be done with one line.
enum Action {
    Deliver,
    ConfirmReceipt,
    Accept,
    DeemAccept,
    Reject,
    Pay,
    Refund,
    Extend,
    Cancel,
    Resign,
    Terminate,
    PayRetention,
    Collect
}

/// @notice Which line an action suits, when it is possible, and who may take it: the specification as the parties
/// read it.
abstract contract Rules is Books {
    uint256 internal constant ACTIONS = uint256(type(Action).max) + 1;
    uint256 private constant NEVER = type(uint256).max;
    uint256 private constant LONGEST_EXTENSION = 366 days;

    /// @dev Whether the line's state allows the action, whatever the time.
    function _suits(Action action, uint256 index, Line memory line) internal view returns (bool) {
        Status status = line.status;
        bool underWay = status == Status.Open || status == Status.Rejected;
        if (action == Action.Deliver || action == Action.Resign || action == Action.Terminate) return underWay;
        if (action == Action.Extend) return underWay && line.extra < LONGEST_EXTENSION;
        if (action == Action.Cancel) return status == Status.Open;
        if (action == Action.PayRetention) return status == Status.Retained;
        if (action == Action.Pay || action == Action.Refund) return line.held != 0;
        if (action == Action.Accept) {
            return status == Status.Delivered
                || underWay && (deals[index].terms.assets == 0 || _inCustody(deals[index].id));
        }
        if (action == Action.Reject) {
            return status == Status.Delivered && line.rejections < _agreed(index).rates.maxRejections();
        }
        if (action == Action.Collect) return status != Status.Delivered && _inCustody(deals[index].id);
        return status == Status.Delivered;
    }

    /// @dev The action is possible from `from` and before `before`, as the line is now.
    function _window(Action action, uint256 index, Line memory line)
        internal
        view
        returns (uint256 from, uint256 before)
    {
        (Rates rates, Periods periods) = (_agreed(index).rates, _agreed(index).periods);
        uint256 dueBy = deals[index].terms.dueBy;
        before = NEVER;
        if (action == Action.Deliver) {
            (from, before) = (_lessOrZero(dueBy, periods.deliveryWindow()), _longStop(dueBy, periods, line));
        }
        if (action == Action.ConfirmReceipt) before = line.since;
        if (action == Action.DeemAccept) from = line.since + rates.inspection();
        if (action == Action.Reject) before = line.since + rates.inspection();
        if (action == Action.Cancel) before = _lessOrZero(dueBy, periods.cancelNotice());
        if (action == Action.Terminate) from = _longStop(dueBy, periods, line);
        if (action == Action.PayRetention) from = line.since + periods.retention();
    }

    /// @dev Who may take the action; zero: anyone.
    function _entitled(Action action, uint256 index, Line memory line) internal view returns (address[3] memory) {
        Terms storage terms = deals[index].terms;
        (address buyer, address supplier) = (terms.buyer, terms.supplier);
        address[3] memory anyone;
        if (action == Action.DeemAccept || action == Action.PayRetention) return anyone;
        bool supplies = action == Action.Deliver || action == Action.Refund || action == Action.Resign;
        bool takesBack = action == Action.Collect && line.flags & FLAG_GOODS_TO_BUYER == 0;
        if (supplies || takesBack) return [supplier, SALES, SALES];
        bool delivered = action == Action.Accept && line.status == Status.Delivered;
        bool inspects = delivered || action == Action.ConfirmReceipt || action == Action.Reject;
        if (terms.inspector == address(0) || !inspects) return [buyer, PURCHASING, PURCHASING];
        return action == Action.Reject ? [INSPECTOR, INSPECTOR, INSPECTOR] : [buyer, PURCHASING, INSPECTOR];
    }

    function _inCustody(LineId id) internal view returns (bool) {
        (, uint64 owed) = ESCROW.custodyOf(id);
        return owed != 0;
    }

    function _longStop(uint256 dueBy, Periods periods, Line memory line) private pure returns (uint256 stop) {
        stop = dueBy + line.extra + periods.longStop();
        uint256 cured = line.status == Status.Rejected ? line.since + periods.cure() : 0;
        if (cured > stop) stop = cured;
    }

    function _lessOrZero(uint256 time, uint256 period) private pure returns (uint256) {
        return time > period ? time - period : 0;
    }
}
