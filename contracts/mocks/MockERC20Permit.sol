// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DemoToken} from "../periphery/DemoToken.sol";

/// @notice The well-behaved token among the mocks.
contract MockERC20Permit is DemoToken {}
