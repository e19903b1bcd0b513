// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Operator} from "../../contracts/directory/DirectoryTypes.sol";
import {IDirectory} from "../../contracts/directory/IDirectory.sol";
import {Conditions, Periods, Rates} from "../../contracts/escrow/Conditions.sol";
import {ISupplierEscrow} from "../../contracts/escrow/ISupplierEscrow.sol";
import {ConditionsId, Status, Terms} from "../../contracts/escrow/SupplierEscrowTypes.sol";
import {VM} from "../invariants/Vm.sol";
import {Deployed} from "./Deployed.sol";

/// @notice A token that does what it is asked, and adds up what it paid.
contract Payments {
    uint256 public paid;
    mapping(address owner => uint256) public balanceOf;

    function transfer(address, uint256 amount) external returns (bool) {
        paid += amount;
        return true;
    }

    function transferFrom(address, address to, uint256 amount) external returns (bool) {
        balanceOf[to] += amount;
        return true;
    }
}

/// @notice The escrow with any line in any state, any grants in the directory, any conditions that can be published, and any time.
abstract contract AnyLine is Deployed {
    uint256 private constant CLOCKS = (1 << 248) - (1 << 144); // of Rates
    uint256 private constant RESIGN_PERIOD = uint256(type(uint32).max) << 32; // of Periods

    bytes4 internal constant PASSES = 0;
    bytes4 internal constant EARLY = ISupplierEscrow.SupplierEscrow_TooEarly.selector;
    bytes4 internal constant LATE = ISupplierEscrow.SupplierEscrow_TooLate.selector;
    bytes4 internal constant WRONG_STATUS = ISupplierEscrow.SupplierEscrow_WrongStatus.selector;

    ISupplierEscrow internal escrow;
    IDirectory internal directory;
    Payments internal payments = new Payments();
    ConditionsId internal conditions;

    /// @dev With zero for all shares that are not in the mask, and without a period in which the supplier may decline: where
    /// they don't matter they would only cost time.
    function _setUp(Conditions memory c, uint256 shares) internal {
        directory = IDirectory(_deploy("Directory", ""));
        escrow = ISupplierEscrow(_deploy("SupplierEscrow", abi.encode(directory, address(0))));
        c.rates = Rates.wrap(Rates.unwrap(c.rates) & (CLOCKS | shares));
        c.periods = Periods.wrap(Periods.unwrap(c.periods) & ~RESIGN_PERIOD);
        conditions = escrow.publishConditions(c, "");
        VM.setArbitraryStorage(address(directory));
        VM.setArbitraryStorage(address(escrow));
    }

    /// @dev Terms without goods, in our token and with our conditions, whose line has the status. At any time.
    function _begin(Terms memory t, uint40 nowAt, Status status) internal {
        VM.warp(nowAt);
        (t.token, t.assets, t.conditions) = (address(payments), 0, conditions);
        VM.assume(escrow.lineOf(escrow.lineId(t)).status == status);
    }

    /// @dev The error with which the escrow would refuse the call, or PASSES. Nothing changes.
    function _refusal(address caller, bytes memory data) internal returns (bytes4) {
        (, bytes memory answer) = address(this).call(abi.encodeCall(AnyLine.tryOut, (caller, data)));
        return bytes4(answer);
    }

    /// @dev Reverts with the escrow's error, or zero.
    function tryOut(address caller, bytes calldata data) external {
        VM.prank(caller);
        (bool done, bytes memory answer) = address(escrow).call(data);
        bytes4 reason = done ? PASSES : bytes4(answer);
        assembly ("memory-safe") {
            mstore(0, reason)
            revert(0, 32)
        }
    }

    /// @dev Goes on with calls that succeed.
    function _succeed(address caller, bytes memory data) internal {
        VM.prank(caller);
        (bool done,) = address(escrow).call(data);
        VM.assume(done);
    }
}
