// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockIntruder} from "./MockIntruder.sol";

/// @notice A contract that takes part in deals: it calls what it is told to, and receives coin well or badly.
contract MockParty is MockIntruder {
    enum Manner {
        Accepts,
        Reverts,
        BurnsGas,
        ReturnsMegabyte, // needs 2,200,000 gas
        Calls, // calls `target` with `data` when coin arrives
        ReturnsMuch, // as much as the gas of a payout affords
        RevertsMuch,
        Enters,
        Looks
    }

    uint256 private constant MUCH = 280_000;

    Manner public manner;
    address public target;
    bytes public data;
    bool public callFailed;
    bytes public callAnswer;

    error Refused();

    receive() external payable {
        if (manner == Manner.Reverts) revert Refused();
        while (manner == Manner.BurnsGas) {}
        if (manner == Manner.ReturnsMegabyte) _return(1 << 20);
        if (manner == Manner.ReturnsMuch) _return(MUCH);
        if (manner == Manner.RevertsMuch) {
            assembly {
                revert(0, MUCH)
            }
        }
        if (manner == Manner.Enters) _enter();
        if (manner == Manner.Looks) _look();
        if (manner == Manner.Calls) {
            (bool done, bytes memory answer) = target.call(data);
            (callFailed, callAnswer) = (!done, answer);
        }
    }

    function setManner(Manner next) external {
        manner = next;
    }

    function setCall(address callee, bytes calldata callData) external {
        (manner, target, data) = (Manner.Calls, callee, callData);
    }

    function execute(address callee, uint256 value, bytes calldata callData) external payable returns (bytes memory) {
        (bool done, bytes memory answer) = callee.call{value: value}(callData);
        if (!done) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    function _return(uint256 length) private pure {
        assembly {
            return(0, length)
        }
    }
}
