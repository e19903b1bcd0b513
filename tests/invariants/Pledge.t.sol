// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PledgeHandler} from "./PledgeHandler.sol";

/// @notice An asset in custody is one party's, whatever anybody does, and the money that redeems it is the lender's.
contract PledgeInvariants {
    PledgeHandler private handler;

    function setUp() external {
        handler = new PledgeHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @notice PLG-1 to PLG-6.
    function invariant_plg1_plg2_plg3_plg4_plg5_plg6_pledges() external view {
        handler.check();
    }
}
