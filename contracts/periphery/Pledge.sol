// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {Eip712} from "../directory/Eip712.sol";
import {Signatures} from "../directory/Signatures.sol";
import {IPledge, Lien, PledgeId, PledgeStatus, PledgeTerms} from "./IPledge.sol";

contract Pledge is IPledge, Eip712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant LONGEST_USE = 3650 days; // the registry's limit
    bytes32 private constant TERMS_TYPEHASH = keccak256(
        "PledgeTerms(address pledger,address lender,uint256 asset,uint128 quantity,address token,uint128 advance,"
        "uint128 amount,uint40 openBy,uint40 dueBy,uint32 cure,bytes32 documents,uint256 salt)"
    );

    /// @inheritdoc IPledge
    IAssetRegistry public immutable registry;

    mapping(PledgeId => Lien) private liens;
    /// @inheritdoc IPledge
    mapping(address owner => mapping(address token => uint256)) public owedTo;

    constructor(IAssetRegistry registry_) Eip712("Fabricant Pledge") {
        registry = registry_;
    }

    /* PLEDGING */

    /// @inheritdoc IPledge
    function pledge(PledgeTerms calldata terms, bytes calldata pledgerSignature, bytes calldata lenderSignature)
        external
        nonReentrant
    {
        _requireHomeChain();
        (PledgeId id, Lien storage lien) = _find(terms, PledgeStatus.None);
        if (block.timestamp >= terms.openBy) revert Pledge_TooLate(id, block.timestamp, terms.openBy);
        _requireConsent(id, terms.pledger, pledgerSignature);
        _requireConsent(id, terms.lender, lenderSignature);
        uint128 quantity = registry.quantityOf(terms.asset);
        if (quantity != terms.quantity) revert Pledge_WrongQuantity(id, quantity, terms.quantity);
        if (terms.token.code.length == 0) revert Pledge_NoToken(id, terms.token);

        (lien.status, lien.inCustody) = (PledgeStatus.Pledged, true);
        emit PledgeMade(id, terms.pledger, terms.lender, terms);
        registry.transferFrom(terms.pledger, address(this), terms.asset);
        _lend(terms, 0);
        _move(terms.token, terms.lender, terms.pledger, terms.advance);
    }

    /// @inheritdoc IPledge
    function revoke(PledgeTerms calldata terms) external {
        (PledgeId id, Lien storage lien) = _find(terms, PledgeStatus.None);
        if (msg.sender != terms.pledger && msg.sender != terms.lender) revert Pledge_NotParty(id, msg.sender);
        lien.status = PledgeStatus.Revoked;
        emit PledgeRevoked(id, msg.sender);
    }

    /// @inheritdoc IPledge
    function prolongUse(PledgeTerms calldata terms) external {
        (, Lien storage lien) = _find(terms, PledgeStatus.Pledged);
        _lend(terms, lien.noticedAt);
    }

    /* ENDING */

    /// @inheritdoc IPledge
    function redeem(PledgeTerms calldata terms) external nonReentrant {
        (PledgeId id, Lien storage lien) = _find(terms, PledgeStatus.Pledged);
        lien.status = PledgeStatus.Returned;
        emit PledgeRedeemed(id, msg.sender, terms.amount);
        _move(terms.token, msg.sender, address(this), terms.amount);
        _setOwed(terms.lender, terms.token, owedTo[terms.lender][terms.token] + terms.amount);
        _handOver(id, lien, terms);
    }

    /// @inheritdoc IPledge
    function release(PledgeTerms calldata terms) external nonReentrant {
        (PledgeId id, Lien storage lien) = _findForLender(terms);
        lien.status = PledgeStatus.Returned;
        emit PledgeReleased(id);
        _handOver(id, lien, terms);
    }

    /// @inheritdoc IPledge
    function declareDefault(PledgeTerms calldata terms) external {
        (PledgeId id, Lien storage lien) = _findForLender(terms);
        if (lien.noticedAt != 0) revert Pledge_AlreadyDeclared(id, lien.noticedAt);
        if (block.timestamp < terms.dueBy) revert Pledge_TooEarly(id, block.timestamp, terms.dueBy);
        lien.noticedAt = uint40(block.timestamp);
        emit DefaultDeclared(id, block.timestamp + terms.cure);
    }

    /// @inheritdoc IPledge
    function foreclose(PledgeTerms calldata terms) external nonReentrant {
        (PledgeId id, Lien storage lien) = _findForLender(terms);
        if (lien.noticedAt == 0) revert Pledge_NotDeclared(id);
        uint256 from = uint256(lien.noticedAt) + terms.cure;
        if (block.timestamp < from) revert Pledge_TooEarly(id, block.timestamp, from);
        lien.status = PledgeStatus.Foreclosed;
        emit PledgeForeclosed(id);
        _handOver(id, lien, terms);
    }

    /// @inheritdoc IPledge
    function collect(PledgeTerms calldata terms) external nonReentrant {
        (, address to) = _takeOut(terms);
        registry.transferFrom(address(this), to, terms.asset);
    }

    /// @inheritdoc IPledge
    function collectRecalled(PledgeTerms calldata terms, bytes32 namespace, bytes32 localIdHash) external nonReentrant {
        (PledgeId id, address to) = _takeOut(terms);
        uint256 asset = uint256(keccak256(abi.encode(namespace, localIdHash)));
        if (asset != terms.asset) revert Pledge_WrongAsset(id, asset);
        registry.genealogy().returnRecalled(namespace, localIdHash, to);
    }

    /// @inheritdoc IPledge
    function withdraw(address owner, address token) external nonReentrant {
        uint256 amount = owedTo[owner][token];
        if (amount == 0) revert Pledge_NothingOwed(owner, token);
        _setOwed(owner, token, 0);
        IERC20(token).safeTransfer(owner, amount);
    }

    /* VIEWS */

    /// @inheritdoc IPledge
    function pledgeId(PledgeTerms calldata terms) public view returns (PledgeId) {
        return PledgeId.wrap(_digest(keccak256(abi.encode(TERMS_TYPEHASH, terms))));
    }

    /// @inheritdoc IPledge
    function lienOf(PledgeId id) external view returns (Lien memory) {
        return liens[id];
    }

    /// @inheritdoc IPledge
    function entitledTo(PledgeTerms calldata terms) external view returns (address) {
        Lien storage lien = liens[pledgeId(terms)];
        return lien.inCustody ? _entitled(lien, terms) : address(0);
    }

    /* THE ASSET */

    /// @dev Until the lender may foreclose at the earliest, as things stand now.
    function _lend(PledgeTerms calldata terms, uint256 noticedAt) private {
        uint256 cureBegins = noticedAt != 0 ? noticedAt : Math.max(block.timestamp, terms.dueBy);
        uint256 until = Math.min(cureBegins + terms.cure, block.timestamp + LONGEST_USE);
        registry.setUser(terms.asset, terms.pledger, uint64(until));
    }

    /// @dev An asset that its registry holds back stays here: nothing that stops it stops a redemption or a foreclosure. The registry is
    /// asked, not tried: whoever sends too little gas would keep back an asset that is free.
    function _handOver(PledgeId id, Lien storage lien, PledgeTerms calldata terms) private {
        if (registry.locked(terms.asset)) return;
        address to = _leave(id, lien, terms);
        registry.transferFrom(address(this), to, terms.asset);
    }

    function _takeOut(PledgeTerms calldata terms) private returns (PledgeId id, address to) {
        id = pledgeId(terms);
        Lien storage lien = liens[id];
        if (!lien.inCustody || lien.status == PledgeStatus.Pledged) revert Pledge_NothingToCollect(id, lien.status);
        to = _leave(id, lien, terms);
    }

    function _leave(PledgeId id, Lien storage lien, PledgeTerms calldata terms) private returns (address to) {
        to = _entitled(lien, terms);
        lien.inCustody = false;
        emit PledgeHandedOver(id, to, terms.asset);
    }

    function _entitled(Lien storage lien, PledgeTerms calldata terms) private view returns (address) {
        return lien.status == PledgeStatus.Foreclosed ? terms.lender : terms.pledger;
    }

    /* MONEY */

    function _move(address token, address from, address to, uint256 amount) private {
        if (amount == 0) return;
        uint256 expected = IERC20(token).balanceOf(to);
        // A token that answers with absurd balances fails the comparison below, or cheats those alone who agreed on it.
        unchecked {
            expected += amount;
        }
        IERC20(token).safeTransferFrom(from, to, amount);
        uint256 received = IERC20(token).balanceOf(to);
        if (received != expected) revert Pledge_InexactTransfer(token, received, expected);
    }

    function _setOwed(address owner, address token, uint256 amount) private {
        owedTo[owner][token] = amount;
        emit OwedChanged(owner, token, amount);
    }

    /* CHECKS THAT MANY ACTIONS SHARE */

    function _find(PledgeTerms calldata terms, PledgeStatus expected)
        private
        view
        returns (PledgeId id, Lien storage lien)
    {
        id = pledgeId(terms);
        lien = liens[id];
        if (lien.status != expected) revert Pledge_WrongStatus(id, lien.status);
    }

    function _findForLender(PledgeTerms calldata terms) private view returns (PledgeId id, Lien storage lien) {
        (id, lien) = _find(terms, PledgeStatus.Pledged);
        if (msg.sender != terms.lender) revert Pledge_NotLender(id, msg.sender);
    }

    function _requireConsent(PledgeId id, address party, bytes calldata signature) private view {
        if (msg.sender == party) return;
        if (!Signatures.isValid(party, PledgeId.unwrap(id), signature)) revert Pledge_NoConsent(id, party);
    }
}
