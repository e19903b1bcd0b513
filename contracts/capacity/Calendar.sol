// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FLAGS_UNFIT, Standing, Status} from "../assets/AssetRegistryTypes.sol";
import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {ROLE_ASSETS} from "../directory/DirectoryTypes.sol";
import {Hours} from "./CapacityMarketTypes.sol";
import {HourMasks, Pattern} from "./HourMasks.sol";
import {ICapacityMarket} from "./ICapacityMarket.sol";
import {Offers} from "./Offers.sol";

/// @notice The hours of each machine: which are booked, which are blocked, and who may dispose of them.
abstract contract Calendar is Offers {
    uint256 private constant HOUR = 1 hours;

    /// @dev 256 hours of a machine. A booking reads and writes `taken` alone; booked hours are those taken and not blocked.
    struct Word {
        uint256 taken; // booked or blocked
        uint256 blocked;
    }

    mapping(uint256 machine => mapping(uint256 word => Word)) private calendars;

    /// @inheritdoc ICapacityMarket
    IAssetRegistry public immutable registry;

    constructor(IAssetRegistry registry_) {
        registry = registry_;
    }

    /// @inheritdoc ICapacityMarket
    function blockHours(uint256 machine, uint32 firstWord, uint256[] calldata hourMasks, bytes32 reason) external {
        _requireDisposal(machine, _pattern(firstWord, hourMasks));
        for (uint256 i = 0; i < hourMasks.length; ++i) {
            Word storage here = calendars[machine][firstWord + i];
            uint256 booked = here.taken & ~here.blocked & hourMasks[i];
            if (booked != 0) revert CapacityMarket_HoursTaken(machine, firstWord + i, booked);
            here.taken |= hourMasks[i];
            here.blocked |= hourMasks[i];
        }
        emit HoursBlocked(machine, msg.sender, firstWord, hourMasks, reason);
    }

    /// @inheritdoc ICapacityMarket
    function unblockHours(uint256 machine, uint32 firstWord, uint256[] calldata hourMasks, bytes32 reason) external {
        _requireDisposal(machine, _pattern(firstWord, hourMasks));
        for (uint256 i = 0; i < hourMasks.length; ++i) {
            Word storage here = calendars[machine][firstWord + i];
            here.taken &= ~(here.blocked & hourMasks[i]);
            here.blocked &= ~hourMasks[i];
        }
        emit HoursUnblocked(machine, msg.sender, firstWord, hourMasks, reason);
    }

    /// @inheritdoc ICapacityMarket
    function hoursOf(uint256 machine, uint32 word) external view returns (Hours memory) {
        Word storage here = calendars[machine][word];
        return Hours({booked: here.taken & ~here.blocked, blocked: here.blocked});
    }

    function _markBooked(uint256 machine, uint32 firstWord, uint256[] calldata hourMasks) internal {
        // A 32-bit word and an index of calldata: no overflow.
        unchecked {
            for (uint256 i = 0; i < hourMasks.length; ++i) {
                Word storage here = calendars[machine][firstWord + i];
                uint256 mask = hourMasks[i];
                uint256 before = here.taken;
                if (before & mask != 0) revert CapacityMarket_HoursTaken(machine, firstWord + i, before & mask);
                here.taken = before | mask;
            }
        }
    }

    /// @return freed masks of the hours that had not begun, and so are free now.
    function _freeFuture(uint256 machine, uint32 firstWord, uint256[] calldata hourMasks)
        internal
        returns (uint256[] memory freed)
    {
        freed = new uint256[](hourMasks.length);
        uint256 nextHour = block.timestamp / HOUR + 1;
        for (uint256 i = 0; i < hourMasks.length; ++i) {
            freed[i] = hourMasks[i] & HourMasks.from(nextHour, firstWord + i);
            if (freed[i] != 0) calendars[machine][firstWord + i].taken &= ~freed[i];
        }
    }

    /// @dev The machine is fit to be sold, and its hours are the supplier's to sell (CAP-3).
    function _requireSeller(uint256 machine, address supplier, Pattern memory p) internal view {
        Standing memory standing = registry.standingOf(machine);
        if (standing.status != Status.Active || standing.flags & FLAGS_UNFIT != 0) {
            revert CapacityMarket_MachineUnfit(machine, standing.status, standing.flags);
        }
        address seller = _seller(machine, standing, p);
        if (seller != supplier) revert CapacityMarket_NotSeller(machine, supplier, seller);
    }

    function _pattern(uint32 firstWord, uint256[] calldata hourMasks) internal pure returns (Pattern memory) {
        uint256 length = hourMasks.length;
        if (length == 0 || hourMasks[0] == 0 || hourMasks[length - 1] == 0) revert CapacityMarket_EmptyMask();
        return HourMasks.pattern(firstWord, hourMasks);
    }

    function _requireDisposal(uint256 machine, Pattern memory p) private view {
        address seller = _seller(machine, registry.standingOf(machine), p);
        if (!_actsFor(seller, ROLE_ASSETS)) revert CapacityMarket_NotSeller(machine, msg.sender, seller);
    }

    /// @dev Who disposes of hours: the user who has the machine until they are over, or the owner once no other has it.
    function _seller(uint256 machine, Standing memory standing, Pattern memory p) private pure returns (address) {
        if (standing.user == address(0) || standing.user == standing.owner) return standing.owner;
        if (standing.userUntil <= p.firstHour * HOUR) return standing.owner;
        if (standing.userUntil < (p.lastHour + 1) * HOUR) {
            revert CapacityMarket_UseEndsBefore(machine, standing.user, standing.userUntil);
        }
        return standing.user;
    }
}
