// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IArbitrable, IArbitrator} from "../periphery/IERC792.sol";

/// @notice A court of ERC-792 that rules as it is told to, and misbehaves as it is told to.
contract MockArbitrator is IArbitrator {
    enum Manner {
        Honest,
        HidesItsCost, // reverts when it is asked what it costs
        Refuses, // reverts when it is asked
        WantsMore, // than it said
        RepeatsItself, // gives its last number again
        RulesAtOnce, // on the dispute that it is just asked to open
        Calls, // calls `target` with `data` when it is paid
        BurnsGas // never ends
    }

    uint256 private constant NO_APPEAL = type(uint256).max;

    Manner public manner;
    uint256 public price;
    uint256 public appealPrice = NO_APPEAL;
    uint256 public disputes; // the first is number 0
    mapping(uint256 disputeId => address) public arbitrable;
    mapping(uint256 disputeId => uint256) public appeals;
    uint256 public choices;
    bytes public told;
    address public target;
    bytes public data;
    bool public callFailed;
    bytes public callAnswer;

    error MockArbitrator_Refused();
    error MockArbitrator_TooLittle(uint256 value, uint256 wanted);
    error MockArbitrator_NotArbitrable(address caller);

    function setManner(Manner next) external {
        manner = next;
    }

    function setPrice(uint256 next) external {
        price = next;
    }

    function setAppealPrice(uint256 next) external {
        appealPrice = next;
    }

    function setCall(address callee, bytes calldata callData) external {
        (manner, target, data) = (Manner.Calls, callee, callData);
    }

    /// @notice Rules on anything, once or again.
    function give(IArbitrable where, uint256 disputeId, uint256 ruling) external {
        where.rule(disputeId, ruling);
    }

    /// @inheritdoc IArbitrator
    function createDispute(uint256 choices_, bytes calldata extraData) external payable returns (uint256 disputeId) {
        _misbehave(price);
        if (manner == Manner.RepeatsItself) return disputes - 1;
        disputeId = disputes++;
        (arbitrable[disputeId], choices, told) = (msg.sender, choices_, extraData);
        if (manner == Manner.RulesAtOnce) IArbitrable(msg.sender).rule(disputeId, 1);
    }

    /// @inheritdoc IArbitrator
    function appeal(uint256 disputeId, bytes calldata extraData) external payable {
        _misbehave(appealPrice);
        if (arbitrable[disputeId] != msg.sender) revert MockArbitrator_NotArbitrable(msg.sender);
        ++appeals[disputeId];
        told = extraData;
    }

    /// @inheritdoc IArbitrator
    function arbitrationCost(bytes calldata) external view returns (uint256) {
        if (manner == Manner.HidesItsCost) revert MockArbitrator_Refused();
        return price;
    }

    /// @inheritdoc IArbitrator
    function appealCost(uint256, bytes calldata) external view returns (uint256) {
        if (manner == Manner.HidesItsCost) revert MockArbitrator_Refused();
        return appealPrice;
    }

    /// @dev A court buys more jurors for more coin, so that it may want exactly its price.
    function _misbehave(uint256 wanted) private {
        if (manner == Manner.WantsMore) ++wanted;
        if (msg.value != wanted) revert MockArbitrator_TooLittle(msg.value, wanted);
        if (manner == Manner.Refuses) revert MockArbitrator_Refused();
        while (manner == Manner.BurnsGas) {}
        if (manner == Manner.Calls) {
            (bool done, bytes memory answer) = target.call(data);
            (callFailed, callAnswer) = (!done, answer);
        }
    }
}
