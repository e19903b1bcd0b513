// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Comes back while somebody's call runs: enters by every door that it is told, or looks around.
abstract contract MockIntruder {
    uint256 private constant ZEROS = 2_048; // more than any function's arguments need
    bytes4 private constant LOOK = bytes4(keccak256("seen()"));

    address private house;
    address private books;
    bytes4[] private doors;

    event Answered(bytes4 indexed selector, bool done, bytes answer);

    /// @notice By which functions of which contract it will enter, and from where (a MockBooks) it will look.
    function setDoors(address house_, bytes4[] calldata doors_, address books_) external {
        (house, doors, books) = (house_, doors_, books_);
    }

    /// @dev Calls every function with nothing but zeros: what refuses on principle refuses that, too.
    function _enter() internal {
        bytes memory data = new bytes(4 + ZEROS);
        for (uint256 i = 0; i < doors.length; ++i) {
            bytes4 door = doors[i];
            // The first word of the data: a selector and zeros.
            assembly ("memory-safe") {
                mstore(add(data, 32), door)
            }
            (bool done, bytes memory answer) = house.call(data);
            emit Answered(door, done, answer);
        }
    }

    function _look() internal {
        (bool done, bytes memory answer) = books.staticcall(abi.encodeWithSelector(LOOK));
        emit Answered(LOOK, done, answer);
    }
}
