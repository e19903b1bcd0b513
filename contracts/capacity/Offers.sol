// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {ROLE_OPEN} from "../directory/DirectoryTypes.sol";
import {Eip712} from "../directory/Eip712.sol";
import {IDirectory} from "../directory/IDirectory.sol";
import {Signatures} from "../directory/Signatures.sol";
import {Consent} from "../escrow/SupplierEscrowTypes.sol";
import {Offer, OfferId} from "./CapacityMarketTypes.sol";
import {ICapacityMarket} from "./ICapacityMarket.sol";
import {OfferWords} from "./OfferWords.sol";

/// @notice Signed offers: whose they are, and which of them still stand.
abstract contract Offers is ICapacityMarket, Eip712 {
    using OfferWords for Offer;

    bytes32 private constant BUNDLE_TYPEHASH = keccak256("OfferBundle(bytes32 root)");

    /// @inheritdoc ICapacityMarket
    IDirectory public immutable directory;

    mapping(address supplier => mapping(uint248 word => uint256)) private cancelled;
    mapping(address supplier => uint64) private epochs;

    constructor(IDirectory directory_) {
        directory = directory_;
    }

    /// @inheritdoc ICapacityMarket
    function publish(Offer calldata offer, Consent calldata consent) external returns (OfferId id) {
        id = _requireOffer(offer.load()[0], consent);
        emit OfferPublished(id, offer.supplier, offer.machine, offer, consent);
    }

    /// @inheritdoc ICapacityMarket
    function cancelOffers(address supplier, uint248 word, uint256 mask) external {
        _requireSupplier(supplier);
        uint256 before = cancelled[supplier][word];
        uint256 afterwards = before | mask;
        if (afterwards == before) revert CapacityMarket_NothingToCancel(supplier, word);
        cancelled[supplier][word] = afterwards;
        emit OffersCancelled(supplier, word, afterwards);
    }

    /// @inheritdoc ICapacityMarket
    function raiseEpoch(address supplier, uint64 expected) external {
        _requireSupplier(supplier);
        uint64 current = epochs[supplier];
        if (expected != current) revert CapacityMarket_EpochPassed(supplier, expected, current);
        epochs[supplier] = current + 1;
        emit EpochRaised(supplier, current + 1);
    }

    /// @inheritdoc ICapacityMarket
    function offerId(Offer calldata offer) external view returns (OfferId) {
        return _offerId(offer.load()[0]);
    }

    /// @inheritdoc ICapacityMarket
    function cancelledNonces(address supplier, uint248 word) external view returns (uint256) {
        return cancelled[supplier][word];
    }

    /// @inheritdoc ICapacityMarket
    function epochOf(address supplier) external view returns (uint64) {
        return epochs[supplier];
    }

    /// @dev The offer is signed for its supplier, valid now and not cancelled.
    function _requireOffer(Offer memory offer, Consent calldata consent) internal view returns (OfferId id) {
        id = _offerId(offer);
        if (offer.lastMinuteHourly > offer.hourly) {
            revert CapacityMarket_PriceRises(id, offer.hourly, offer.lastMinuteHourly);
        }
        _requireStanding(id, offer.supplier, offer.validUntil, offer.nonce, offer.epoch, consent);
    }

    /// @dev What has this id, an offer or a quotation, is signed for its supplier, valid now and not cancelled.
    function _requireStanding(
        OfferId id,
        address supplier,
        uint40 validUntil,
        uint256 nonce,
        uint64 epoch,
        Consent calldata consent
    ) internal view {
        _requireHomeChain();
        if (block.timestamp >= validUntil) revert CapacityMarket_OfferExpired(id, block.timestamp, validUntil);
        if (cancelled[supplier][uint248(nonce >> 8)] >> uint8(nonce) & 1 != 0) {
            revert CapacityMarket_OfferCancelled(id, nonce);
        }
        if (epoch != epochs[supplier]) revert CapacityMarket_WrongEpoch(id, epoch, epochs[supplier]);
        _requireConsent(id, supplier, consent);
    }

    /// @dev Whether the caller is the principal, or its operator with all bits of the role.
    function _actsFor(address principal, uint16 role) internal view returns (bool) {
        return msg.sender == principal || directory.mayAct(principal, msg.sender, role);
    }

    function _requireConsent(OfferId id, address supplier, Consent calldata consent) private view {
        address signer = consent.signer;
        if (signer != supplier && !directory.mayAct(supplier, signer, ROLE_OPEN)) {
            revert CapacityMarket_NoConsent(id, signer);
        }
        bytes32 digest = _consentDigest(id, consent.proof);
        if (!Signatures.isValid(signer, digest, consent.signature)) {
            revert CapacityMarket_BadSignature(id, signer, digest);
        }
    }

    function _consentDigest(OfferId id, bytes32[] calldata proof) private view returns (bytes32) {
        if (proof.length == 0) return OfferId.unwrap(id);
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(id))));
        return _digest(keccak256(abi.encode(BUNDLE_TYPEHASH, MerkleProof.processProofCalldata(proof, leaf))));
    }

    function _requireSupplier(address supplier) private view {
        if (!_actsFor(supplier, ROLE_OPEN)) revert CapacityMarket_NotSupplier(supplier, msg.sender);
    }

    function _offerId(Offer memory offer) private view returns (OfferId) {
        return OfferId.wrap(_digest(offer.structHash()));
    }
}
