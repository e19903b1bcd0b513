// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @notice An ERC-721 receiver that makes one call of the test's choice while it is asked, and then answers.
contract MockAssetReceiver is IERC721Receiver {
    bytes4 private immutable _answer;

    address private _target;
    bytes private _call;
    bytes public refusal; // what the call reverted with; empty if it succeeded

    event Asked(address operator, address from, uint256 id, bytes data);

    constructor(bytes4 answer) {
        _answer = answer;
    }

    function prepare(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    function onERC721Received(address operator, address from, uint256 id, bytes calldata data)
        external
        returns (bytes4)
    {
        emit Asked(operator, from, id, data);
        if (_target != address(0)) {
            (bool success, bytes memory answer) = _target.call(_call);
            if (!success) refusal = answer;
        }
        return _answer;
    }
}
