// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {VM} from "./Vm.sol";

/// @notice What always holds for the money of the escrow, whatever people do. The numbers are those of the architecture.
contract SupplierEscrowInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant ALL = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6;

    Handler private handler;
    uint256 private checked = VM.envOr("INVARIANTS", ALL); // bit n: ESC-n

    function setUp() external {
        handler = new Handler();
    }

    /// @dev Forge calls the handler's actions only.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), _actions());
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_f017_f046_f058_f062_escrow() external view {
        handler.check(checked);
    }

    /// @notice From every state that was reached, each line is closed by one party alone, all money gets out, and nothing
    /// but what the escrow was given stays (fault 58).
    /// @dev Forge goes on after a failure here: a campaign that looks for one planted defect finds it by its calls.
    function afterInvariant() external {
        if (checked != ALL) return;
        handler.closeAll();
        handler.check(ALL);
        handler.emptyAll();
        handler.check(ALL);
        handler.checkEmpty();
    }

    function _actions() private pure returns (bytes4[] memory list) {
        bytes4[28] memory all = [
            Handler.open.selector,
            Handler.openMany.selector,
            Handler.revoke.selector,
            Handler.deliver.selector,
            Handler.confirmReceipt.selector,
            Handler.accept.selector,
            Handler.acceptMany.selector,
            Handler.deemAccept.selector,
            Handler.reject.selector,
            Handler.pay.selector,
            Handler.refund.selector,
            Handler.extend.selector,
            Handler.cancel.selector,
            Handler.resign.selector,
            Handler.terminate.selector,
            Handler.payRetention.selector,
            Handler.collect.selector,
            Handler.deposit.selector,
            Handler.withdraw.selector,
            Handler.publishConditions.selector,
            Handler.donate.selector,
            Handler.wait.selector,
            Handler.provoke.selector,
            Handler.disturb.selector,
            Handler.replay.selector,
            Handler.alter.selector,
            Handler.close.selector,
            Handler.empty.selector
        ];
        list = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            list[i] = all[i];
        }
    }
}
