// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Handler} from "./Handler.sol";
import {VM} from "./Vm.sol";

/// @notice What always holds for the money of the escrow, whatever people do. Numbers are those of the architecture.
contract SupplierEscrowInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant ALL = (1 << 11) - 2;

    Handler private handler;
    uint256 private checked = VM.envOr("INVARIANTS", ALL); // bit n: ESC-n

    function setUp() external {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev Forge calls all other functions of the handler that change anything.
    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = Handler.closeAll.selector;
        selectors[1] = Handler.closeAlone.selector;
        selectors[2] = Handler.closeBy.selector;
        selectors[3] = Handler.emptyAll.selector;
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(handler), selectors);
    }

    /// @notice Donations change nothing, nothing is released twice or stuck, and no id is used again.
    function invariant_f017_f046_f058_f062_escrow() external view {
        handler.check(checked);
    }

    /// @notice From every state that was reached, each line is closed by one party alone, all money and goods get out, and
    /// nothing but what the escrow was given stays (fault 58).
    /// @dev Forge goes on after a failure here: a campaign that looks for one planted defect finds it by its calls.
    function afterInvariant() external {
        if (checked != ALL) return;
        handler.closeAll();
        handler.check(ALL);
        handler.emptyAll();
        handler.check(ALL);
        handler.checkEmpty();
    }
}
