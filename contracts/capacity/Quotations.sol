// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ROLE_OPEN} from "../directory/DirectoryTypes.sol";
import {Consent, Terms} from "../escrow/SupplierEscrowTypes.sol";
import {TermsWords} from "../escrow/TermsWords.sol";
import {OfferId, Quotation, Request} from "./CapacityMarketTypes.sol";
import {ICapacityMarket} from "./ICapacityMarket.sol";
import {Offers} from "./Offers.sol";

/// @notice Requests for quotation, and the signed answers to them.
abstract contract Quotations is Offers {
    using TermsWords for Terms;

    // TermsWords has the hash of the type alone; EIP-712 wants its text behind that of the struct which contains it.
    bytes32 private constant QUOTATION_TYPEHASH = keccak256(
        "Quotation(bytes32 requestId,Terms terms,uint40 validUntil,uint256 nonce,uint64 epoch)"
        "Terms(address buyer,address supplier,address inspector,address arbiter,address broker,address token,"
        "uint128 amount,uint40 openBy,uint40 dueBy,uint16 assets,bytes32 deliverables,bytes32 documents,bytes32 orderRef,"
        "address opener,bytes32 subject,bytes32 conditions,uint256 salt)"
    );

    /// @inheritdoc ICapacityMarket
    function request(Request calldata wanted) external returns (bytes32 id) {
        if (!_actsFor(wanted.buyer, ROLE_OPEN)) revert CapacityMarket_NotBuyer(wanted.buyer, msg.sender);
        id = requestId(wanted);
        emit QuotationsRequested(id, wanted.buyer, wanted.process, wanted);
    }

    /// @inheritdoc ICapacityMarket
    function requestId(Request calldata wanted) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), wanted));
    }

    /// @inheritdoc ICapacityMarket
    function quotationId(Quotation calldata quotation) public view returns (OfferId) {
        bytes32 terms = quotation.terms.load()[0].structHash();
        return OfferId.wrap(
            _digest(
                keccak256(
                    abi.encode(
                        QUOTATION_TYPEHASH,
                        quotation.requestId,
                        terms,
                        quotation.validUntil,
                        quotation.nonce,
                        quotation.epoch
                    )
                )
            )
        );
    }

    /// @dev The quotation is signed for its supplier, valid now and not cancelled.
    function _requireQuotation(Quotation calldata quotation, Consent calldata consent)
        internal
        view
        returns (OfferId id)
    {
        id = quotationId(quotation);
        _requireStanding(
            id, quotation.terms.supplier, quotation.validUntil, quotation.nonce, quotation.epoch, consent
        );
    }
}
