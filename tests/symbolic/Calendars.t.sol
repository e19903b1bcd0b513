// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hours} from "../../contracts/capacity/CapacityMarketTypes.sol";
import {ICapacityMarket} from "../../contracts/capacity/ICapacityMarket.sol";
import {VM} from "../invariants/Vm.sol";
import {Deployed} from "./Deployed.sol";

/// @notice Whatever is booked and blocked already, and whoever calls: blocking and unblocking never touch a booked hour.
/// @custom:halmos --solver-command .venv-symbolic/bin/yices-smt2 --storage-layout generic
contract CalendarChecks is Deployed {
    ICapacityMarket private market;

    function setUp() external {
        address directory = _deploy("Directory", "");
        address registry = _deploy("AssetRegistry", abi.encode(directory, address(0)));
        market = ICapacityMarket(_deploy("CapacityMarket", abi.encode(_deploy("SupplierEscrow", abi.encode(directory, registry)))));
        VM.setArbitraryStorage(directory);
        VM.setArbitraryStorage(registry);
        VM.setArbitraryStorage(address(market));
    }

    /// @notice Blocked hours were not booked, and are blocked; nothing else changes.
    function check_blocking_is_exact(uint256 machine, uint32 word, uint256 mask, address caller, uint40 nowAt) external {
        Hours memory before = market.hoursOf(machine, word);
        _succeed(caller, nowAt, abi.encodeCall(market.blockHours, (machine, word, _one(mask), 0)));
        Hours memory later = market.hoursOf(machine, word);
        assert(before.booked & mask == 0 && later.booked == before.booked);
        assert(later.blocked == before.blocked | mask);
    }

    /// @notice Unblocked hours are free unless they are booked; nothing else changes.
    function check_unblocking_is_exact(uint256 machine, uint32 word, uint256 mask, address caller, uint40 nowAt)
        external
    {
        Hours memory before = market.hoursOf(machine, word);
        VM.assume(before.booked & before.blocked == 0);
        _succeed(caller, nowAt, abi.encodeCall(market.unblockHours, (machine, word, _one(mask), 0)));
        Hours memory later = market.hoursOf(machine, word);
        assert(later.booked == before.booked && later.blocked == before.blocked & ~mask);
    }

    function _succeed(address caller, uint40 nowAt, bytes memory data) private {
        VM.warp(nowAt);
        VM.prank(caller);
        (bool done,) = address(market).call(data);
        VM.assume(done);
    }

    function _one(uint256 mask) private pure returns (uint256[] memory made) {
        made = new uint256[](1);
        made[0] = mask;
    }
}
