// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice A contract wallet that answers every signature in one odd way.
contract MockOddWallet {
    enum Answer {
        Magic, // the one right answer, for anything
        WrongMagic,
        True, // a boolean, as an older draft of ERC-1271 had it
        DirtyMagic, // the right four bytes and 28 bytes that should be zero
        ShortMagic, // the right four bytes, and no more
        Nothing,
        Revert,
        RevertWithMagic,
        Megabyte, // of zeros
        MegabyteOfMagic, // the right answer, with a megabyte behind it
        WriteState, // the right answer, after a write that a static call forbids
        BurnGas,
        LateMagic // the right four bytes, at the wrong end of the word
    }

    Answer public immutable answer;
    uint256 public written;

    constructor(Answer answer_) {
        answer = answer_;
    }

    receive() external payable {}

    fallback(bytes calldata) external payable returns (bytes memory) {
        bytes4 magic = IERC1271.isValidSignature.selector;
        if (answer == Answer.Magic) return abi.encode(magic);
        if (answer == Answer.WrongMagic) return abi.encode(bytes4(0xffffffff));
        if (answer == Answer.True) return abi.encode(true);
        if (answer == Answer.DirtyMagic) return abi.encodePacked(magic, type(uint224).max);
        if (answer == Answer.ShortMagic) return abi.encodePacked(magic);
        if (answer == Answer.Nothing) return "";
        if (answer == Answer.Revert) revert("no");
        if (answer == Answer.RevertWithMagic) _revertWith(abi.encode(magic));
        if (answer == Answer.Megabyte) return new bytes(1 << 20);
        if (answer == Answer.MegabyteOfMagic) return abi.encodePacked(abi.encode(magic), new bytes(1 << 20));
        if (answer == Answer.LateMagic) return abi.encode(uint32(magic));
        if (answer == Answer.WriteState) written = block.timestamp;
        while (answer == Answer.BurnGas) {}
        return abi.encode(magic);
    }

    function _revertWith(bytes memory data) private pure {
        assembly ("memory-safe") {
            revert(add(data, 32), mload(data))
        }
    }
}
