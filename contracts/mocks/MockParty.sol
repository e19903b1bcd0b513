// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A contract that takes part in deals: it calls what it is told to, and receives coin well or badly.
contract MockParty {
    enum Manner {
        Accepts,
        Reverts,
        BurnsGas,
        ReturnsMegabyte,
        Calls // calls `target` with `data` when coin arrives
    }

    Manner public manner;
    address public target;
    bytes public data;
    bool public callFailed;
    bytes public callAnswer;

    error Refused();

    receive() external payable {
        if (manner == Manner.Reverts) revert Refused();
        while (manner == Manner.BurnsGas) {}
        if (manner == Manner.ReturnsMegabyte) {
            assembly {
                return(0, 1048576)
            }
        }
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
}
