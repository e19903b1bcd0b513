// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Conditions, Periods, Rates} from "./Conditions.sol";
import {ISupplierEscrow} from "./ISupplierEscrow.sol";

/// @notice Which trade conditions can be published: every clock ends, and no share is above the whole.
library ConditionsRules {
    uint256 private constant YEAR = 365 days;
    uint256 private constant FULL = 10_000; // bps
    uint256 private constant MOST_FEE = 500; // bps
    uint256 private constant SHARES = 9; // fields 0 to 8 are bps
    uint256 private constant FIRST_FEE = 7; // fields 7 and 8 are fees
    uint256 private constant MOST_REJECTIONS = 16;
    uint256 private constant NO_LIMIT = type(uint32).max;

    /// @dev The numbers of the fields are those of `Rates` and `Periods`.
    function check(Conditions calldata conditions) internal pure {
        (Rates r, Periods p) = (conditions.rates, conditions.periods);
        for (uint256 field = 0; field < SHARES; ++field) {
            _within(field, uint16(Rates.unwrap(r) >> (16 * field)), 0, field < FIRST_FEE ? FULL : MOST_FEE);
        }
        _within(9, r.maxRejections(), 0, MOST_REJECTIONS);
        _within(10, r.inspection(), 1 hours, YEAR);
        _within(11, r.arbitration(), 1 hours, YEAR);
        _within(12, r.lateEvery(), 1 hours, NO_LIMIT);
        uint256 resigns = p.resignPeriod() == 0 ? 0 : 1;
        _within(13, r.hasResignPeriod(), resigns, resigns);
        _within(14, p.cancelNotice(), p.deliveryWindow(), NO_LIMIT);
        _within(17, p.longStop(), p.cure(), 2 * YEAR);
        _within(18, p.transit(), 0, 2 * YEAR);
        _within(19, p.cure(), 1 hours, YEAR);
        _within(20, p.retention(), 0, 5 * YEAR);
        _within(21, p.lateEvery(), r.lateEvery(), r.lateEvery());
    }

    function _within(uint256 field, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) {
            revert ISupplierEscrow.SupplierEscrow_ConditionOutOfRange(field, value, least, most);
        }
    }
}
