// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    ROLE_ASSETS,
    ROLE_CHANGE,
    ROLE_FINANCE,
    ROLE_QUALITY
} from "../../contracts/directory/DirectoryTypes.sol";
import {Periods, Rates} from "../../contracts/escrow/Conditions.sol";
import {
    FLAG_RETENTION_DISPUTED,
    Line,
    LineId,
    Status,
    Terms
} from "../../contracts/escrow/SupplierEscrowTypes.sol";
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
    Dispute,
    Evidence,
    Rule,
    ApplyDefault,
    Settle,
    Assign,
    Amend,
    Collect // the one that a closed line allows
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
        if (action == Action.Deliver || action == Action.Terminate) return underWay;
        if (action == Action.Resign) return underWay && deals[index].payee == address(0);
        if (action == Action.Amend) return underWay && !_inCustody(deals[index].id);
        if (action == Action.Extend) return underWay && line.extra < LONGEST_EXTENSION;
        if (action == Action.Cancel) return status == Status.Open;
        if (action == Action.PayRetention) return status == Status.Retained;
        bool disputed = status == Status.Disputed;
        if (action == Action.Pay || action == Action.Refund) return line.held != 0 && !disputed;
        if (action == Action.Accept) {
            bool complete = deals[index].terms.assets == 0 || _inCustody(deals[index].id);
            bool accepted = line.flags & FLAG_RETENTION_DISPUTED != 0;
            return status == Status.Delivered || underWay && complete || disputed && (complete || accepted);
        }
        if (action == Action.Dispute) {
            return status == Status.Delivered || status == Status.Rejected || status == Status.Retained;
        }
        if (action == Action.Evidence || action == Action.ApplyDefault) return disputed;
        if (action == Action.Rule) return disputed && deals[index].terms.arbiter != address(0);
        if (action == Action.Settle || action == Action.Assign) return _isLive(status);
        if (action == Action.Reject) {
            return status == Status.Delivered && line.rejections < _agreed(index).rates.maxRejections();
        }
        if (action == Action.Collect) {
            return status != Status.Delivered && !disputed && _inCustody(deals[index].id);
        }
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
        uint256 arrival = deals[index].arrival;
        if (action == Action.ConfirmReceipt) before = arrival;
        if (action == Action.DeemAccept) from = arrival + rates.inspection();
        if (action == Action.Reject) before = arrival + rates.inspection();
        if (action == Action.Cancel) before = _lessOrZero(dueBy, periods.cancelNotice());
        if (action == Action.Terminate) from = _longStop(dueBy, periods, line);
        if (action == Action.PayRetention) from = line.since + periods.retention();
        if (action == Action.Dispute) {
            bool delivered = line.status == Status.Delivered;
            before = (delivered ? arrival : line.since) + _disputable(rates, periods, line.status);
        }
        if (action == Action.Rule) before = line.since + rates.arbitration();
        if (action == Action.ApplyDefault) from = line.since + rates.arbitration();
    }

    /// @dev For how long a line can be disputed, in seconds.
    function _disputable(Rates rates, Periods periods, Status status) private pure returns (uint256) {
        if (status == Status.Rejected) return periods.cure();
        return status == Status.Retained ? periods.retention() : rates.inspection();
    }

    /// @dev Who may take the action, themselves or by their operators; zero: anyone. Who settles shows in its consents.
    function _entitled(Action action, uint256 index, Line memory line) internal view returns (address[3] memory) {
        Terms storage terms = deals[index].terms;
        (address buyer, address supplier) = (terms.buyer, terms.supplier);
        address[3] memory anyone;
        bool timeDecides = action == Action.DeemAccept || action == Action.ApplyDefault;
        if (timeDecides || action == Action.PayRetention) return anyone;
        address arbiter = terms.arbiter == address(0) ? buyer : terms.arbiter;
        if (action == Action.Evidence) return [buyer, supplier, arbiter];
        if (action == Action.Rule) return [arbiter, arbiter, arbiter];
        address supplierSide = _supplierSide(deals[index]);
        if (action == Action.Refund) return [supplierSide, supplierSide, supplierSide];
        if (action == Action.Dispute && line.status == Status.Rejected) return [supplierSide, supplier, supplierSide];
        bool supplies = action == Action.Deliver || action == Action.Resign;
        bool takesBack = action == Action.Collect && !deals[index].goodsToBuyer;
        if (supplies || takesBack) return [supplier, supplier, supplier];
        bool delivered = action == Action.Accept && line.status == Status.Delivered;
        bool inspects = delivered || action == Action.ConfirmReceipt || action == Action.Reject;
        if (terms.inspector == address(0) || !inspects) return [buyer, buyer, buyer];
        return action == Action.Reject ? [INSPECTOR, INSPECTOR, INSPECTOR] : [buyer, buyer, INSPECTOR];
    }

    /// @dev What an operator needs to take the action; none: no operator may.
    function _rolesFor(Action action, uint256 index, Line memory line) internal view returns (uint16) {
        if (action == Action.Rule || action == Action.Assign) return 0;
        if (action == Action.Deliver) {
            bool bringsGoods = deals[index].goods.length != 0 && !_inCustody(deals[index].id);
            return bringsGoods ? ROLE_QUALITY | ROLE_ASSETS : ROLE_QUALITY;
        }
        if (action == Action.Collect) return ROLE_ASSETS;
        bool unseen = action == Action.Accept && line.status != Status.Delivered;
        if (action == Action.Pay || action == Action.Refund || unseen) return ROLE_FINANCE;
        bool judges = action == Action.Accept || action == Action.ConfirmReceipt || action == Action.Reject;
        if (judges || action == Action.Dispute || action == Action.Evidence) return ROLE_QUALITY;
        return ROLE_CHANGE;
    }

    /// @dev Somebody who may act for a principal: with all its roles, or with the one that it takes, or itself.
    function _deputyOf(address principal, uint16 roles) internal returns (address) {
        address operator = _operatorOf(principal);
        bool hasClerks = operator == PURCHASING || operator == SALES;
        bool one = roles != 0 && roles & (roles - 1) == 0;
        return hasClerks && one && _oneIn(2) ? _clerkOf(operator == PURCHASING, roles) : operator;
    }

    /// @dev Who may do everything for somebody: their operator, or themselves.
    function _operatorOf(address principal) internal view returns (address) {
        if (principal == BUYER || principal == BUYER_FIRM) return PURCHASING;
        if (principal == FACTOR_FIRM) return FACTOR;
        bool supplies = principal == SUPPLIER || principal == SUPPLIER_FIRM || principal == SUPPLIER_WALLET;
        return supplies ? SALES : principal;
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
