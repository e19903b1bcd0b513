// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-792: a court, as far as an arbitrable contract calls it.
/// @dev Its `appealPeriod`, `disputeStatus` and `currentRuling` are read at the court itself.
interface IArbitrator {
    /// @notice Opens a dispute for the caller, which pays `arbitrationCost`.
    /// @param choices the highest ruling; 0 always stands for "refused to arbitrate".
    /// @param extraData what the court wants to know: of Kleros the subcourt and the number of jurors.
    /// @return disputeId the court's number for it.
    function createDispute(uint256 choices, bytes calldata extraData) external payable returns (uint256 disputeId);

    /// @notice Has a dispute judged again. Courts of Kleros take this from the contract in dispute alone.
    function appeal(uint256 disputeId, bytes calldata extraData) external payable;

    /// @notice Wei that a dispute costs.
    function arbitrationCost(bytes calldata extraData) external view returns (uint256);

    /// @notice Wei that an appeal costs; a number beyond all coin if there is none.
    function appealCost(uint256 disputeId, bytes calldata extraData) external view returns (uint256);
}

/// @title ERC-792: a contract whose disputes a court decides.
interface IArbitrable {
    /// @notice ERC-792: the court ruled.
    event Ruling(IArbitrator indexed arbitrator, uint256 indexed disputeID, uint256 ruling);

    /// @notice Takes the final ruling of a dispute. The court alone.
    function rule(uint256 disputeId, uint256 ruling) external;
}
