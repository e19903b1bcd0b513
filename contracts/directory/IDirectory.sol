// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Directory: who acts for whom.
/// @notice (Draft; being completed with its events and errors.)
interface IDirectory {
    function mayAct(address principal, address actor, uint16 role) external view returns (bool);
}
