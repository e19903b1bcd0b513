// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MarketHandler} from "./MarketHandler.sol";

/// @notice No machine-hour is sold twice, each belongs to its line, and who sells it may, whatever anybody does.
contract CapacityMarketInvariants {
    MarketHandler private handler;

    function setUp() external {
        handler = new MarketHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @notice CAP-1 to CAP-3.
    function invariant_cap1_cap2_cap3_f076_f077_f078_market() external view {
        handler.check();
    }
}
