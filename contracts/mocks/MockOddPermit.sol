// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockOddToken} from "./MockOddToken.sol";

/// @notice A token that has no permits, but answers any call, and misbehaves in it as it is told to.
contract MockOddPermit is MockOddToken {
    Oddity public permitting;

    fallback() external {
        if (permitting == Oddity.Paused) revert Odd();
        while (permitting == Oddity.BurnsGas) {}
        if (permitting == Oddity.Calls) {
            (bool done, bytes memory answer) = target.call(data);
            (targetCallFailed, targetAnswer) = (!done, answer);
        }
        if (permitting == Oddity.ReturnsMegabyte) {
            assembly {
                return(0, 1048576)
            }
        }
    }

    /// @notice What a permit does from now on; transfers behave.
    function setPermitting(Oddity next) external {
        (permitting, oddity) = (next, Oddity.None);
    }
}
