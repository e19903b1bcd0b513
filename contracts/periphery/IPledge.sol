// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAssetRegistry} from "../assets/IAssetRegistry.sol";
import {IEip712} from "../directory/IEip712.sol";

/// @notice A pledge's id: the EIP-712 digest of its terms, which its parties sign.
type PledgeId is bytes32;

/// @notice Life of a pledge.
/// @dev Only Pledged goes on. An asset that is Returned or Foreclosed may still be here, because its registry holds it back.
enum PledgeStatus {
    None,
    Pledged,
    Returned, // redeemed or released: the asset is the pledger's
    Foreclosed, // the asset is the lender's
    Revoked // never pledged, and can't be any more
}

/// @notice What both parties agree to.
struct PledgeTerms {
    address pledger; // owns the asset, and goes on using it
    address lender; // gets the asset if nobody redeems it
    uint256 asset;
    uint128 quantity; // of a lot, in whole base units; one for anything else
    address token; // ERC-20
    uint128 advance; // base units that the lender pays the pledger with the pledge; zero: the debt is older than that
    uint128 amount; // base units that redeem it
    uint40 openBy; // Unix seconds, exclusive: it is pledged before
    uint40 dueBy; // Unix seconds: from then the lender may declare default
    uint32 cure; // seconds between that declaration and the foreclosure
    bytes32 documents; // commitment to the contract that it secures
    uint256 salt;
}

/// @notice What is kept of a pledge.
struct Lien {
    // slot 0: 1 + 1 + 5 = 7 bytes
    PledgeStatus status;
    bool inCustody; // the asset is here
    uint40 noticedAt; // Unix seconds: when default was declared; zero = it was not
}

/// @title Pledge: an asset secures a debt while its owner goes on using it.
/// @notice The pledger hands an asset over and is its user (ERC-4907) from then on; the lender's advance, if there is one, comes in
/// the same transaction. Whoever pays the agreed amount redeems the asset. If nobody does, the lender declares default, waits for
/// the agreed cure, and forecloses. Terms are signed off chain; one slot a pledge is kept, and later calls bring the terms again.
///
/// INVARIANTS.
/// PLG-1 Nobody but its owner pledges an asset, and nobody becomes a lender but by its own call or signature.
/// PLG-2 An asset in custody is exactly one party's: the pledger's until it is foreclosed, the lender's from then on. It goes to nobody else.
/// PLG-3 A pledge can be redeemed and released until it is foreclosed, and foreclosed only a whole cure after a default that was declared
/// when the debt was due.
/// PLG-4 What is paid to redeem is the lender's; for each token, at least as much is here as is owed.
/// PLG-5 Terms are pledged at most once: no signature works twice, nor for other terms, nor after either party revoked it.
/// PLG-6 The pledger's use ends at the latest when the lender may foreclose.
///
/// ROLES. The pledger and the lender act themselves: no role of the Directory lists pledging. Anyone redeems, prolongs the use,
/// collects and withdraws for whom it concerns. No owner, no pause.
///
/// USE. The pledger has the asset as its exclusive user: it works with it, sells its hours in the market and records, as do
/// its RECORD operators. What an owner alone may do waits until the end: twin, device, status, recorders, lending, assembly,
/// transformation. A device that was bound is not any more. An asset that somebody uses, the pledger itself for longer than
/// agreed included, is refused: nobody could end that use, and the lender would get what it did not agree to.
///
/// TOKENS. ERC-20; the chain's coin is refused. What is paid is kept for the lender, who withdraws it, so that no lender who
/// can't be paid stops a redemption. It must arrive in full: a token that takes a fee, or is paused, can't redeem; agree on one that will
/// not. A token that changes balances by itself costs those alone who agreed on it.
///
/// TIME. Unix seconds. Pledged before openBy; default from dueBy; foreclosed from the declaration + cure.
///
/// LOCKS. A recalled or held asset can't be transferred. The pledge ends all the same, the asset stays here for whom it belongs to,
/// and anyone has it handed over later: when the lock is gone, or before if that one acknowledged the recall. An issuer
/// can recall at any time: who lends on an asset that the pledger itself issued may get it recalled.
///
/// FORECLOSURE is strict: the lender keeps the asset, whatever it is worth. Where the law wants a sale or a surplus, the documents
/// say so and the lender owes it.
///
/// EXIT. A pledger whose lender vanished redeems. A lender whose pledger vanished forecloses. Assets sent here otherwise are lost.
interface IPledge is IEip712 {
    /* EVENTS */

    /// @notice Emitted when an asset is pledged.
    event PledgeMade(PledgeId indexed id, address indexed pledger, address indexed lender, PledgeTerms terms);
    /// @notice Emitted when a party makes sure that terms are never pledged.
    event PledgeRevoked(PledgeId indexed id, address indexed by);
    /// @notice Emitted when somebody pays what redeems an asset.
    event PledgeRedeemed(PledgeId indexed id, address indexed payer, uint128 amount);
    /// @notice Emitted when the lender gives an asset back without being paid here.
    event PledgeReleased(PledgeId indexed id);
    /// @notice Emitted when the lender declares default.
    /// @param forecloseFrom Unix seconds, inclusive.
    event DefaultDeclared(PledgeId indexed id, uint256 forecloseFrom);
    /// @notice Emitted when an asset becomes the lender's.
    event PledgeForeclosed(PledgeId indexed id);
    /// @notice Emitted when an asset leaves, at once or later.
    event PledgeHandedOver(PledgeId indexed id, address indexed to, uint256 indexed asset);
    /// @notice Emitted when a lender is owed more, or nothing any more.
    event OwedChanged(address indexed owner, address indexed token, uint256 owedAfter);

    /* ERRORS */

    /// @notice Thrown when a pledge is not where the call would begin.
    error Pledge_WrongStatus(PledgeId id, PledgeStatus status);
    /// @notice Thrown when a party neither sends nor signed.
    error Pledge_NoConsent(PledgeId id, address party);
    /// @notice Thrown when it is pledged at openBy or later.
    error Pledge_TooLate(PledgeId id, uint256 nowAt, uint256 before);
    /// @notice Thrown when default is declared, or an asset foreclosed, before the agreed time.
    error Pledge_TooEarly(PledgeId id, uint256 nowAt, uint256 from);
    /// @notice Thrown when a lot is more or less than agreed.
    error Pledge_WrongQuantity(PledgeId id, uint128 quantity, uint128 agreed);
    /// @notice Thrown when there is no contract at the token's address.
    error Pledge_NoToken(PledgeId id, address token);
    /// @notice Thrown when a token did not move exactly what it should have.
    error Pledge_InexactTransfer(address token, uint256 received, uint256 expected);
    /// @notice Thrown when somebody who is neither pledger nor lender revokes.
    error Pledge_NotParty(PledgeId id, address caller);
    /// @notice Thrown when somebody other than the lender acts for it.
    error Pledge_NotLender(PledgeId id, address caller);
    /// @notice Thrown when default was declared before.
    error Pledge_AlreadyDeclared(PledgeId id, uint40 noticedAt);
    /// @notice Thrown when an asset is foreclosed without a declaration of default.
    error Pledge_NotDeclared(PledgeId id);
    /// @notice Thrown when the pledge goes on, or its asset is not here any more.
    error Pledge_NothingToCollect(PledgeId id, PledgeStatus status);
    /// @notice Thrown when namespace and local id are another asset's.
    error Pledge_WrongAsset(PledgeId id, uint256 asset);
    /// @notice Thrown when nothing is owed to the owner.
    error Pledge_NothingOwed(address owner, address token);

    /* PLEDGING */

    /// @notice Pledges an asset: it comes here, its use stays with the pledger, and the advance goes to the pledger. Anyone; each
    /// party sends it itself or signed the terms.
    /// @dev The pledger approves this contract for the asset (ERC-721) beforehand, the lender for the advance (ERC-20).
    /// @param pledgerSignature By its key or its code (ERC-1271), over the id; not looked at if the pledger sends this. Likewise the
    /// lender's.
    function pledge(PledgeTerms calldata terms, bytes calldata pledgerSignature, bytes calldata lenderSignature) external;

    /// @notice Makes sure that these terms are never pledged. Pledger or lender.
    function revoke(PledgeTerms calldata terms) external;

    /// @notice Prolongs the pledger's use to when the lender may foreclose at the earliest, and at most by ten years. Anyone.
    /// @dev Reverts with the registry's error if that is no later than the use ends anyway.
    function prolongUse(PledgeTerms calldata terms) external;

    /* ENDING */

    /// @notice Pays the agreed amount, which is owed to the lender from then on, and gives the asset back to the pledger. Anyone, until
    /// it is foreclosed.
    function redeem(PledgeTerms calldata terms) external;

    /// @notice Gives the asset back to the pledger. Lender, until it is foreclosed.
    function release(PledgeTerms calldata terms) external;

    /// @notice Declares that the debt is due and was not paid; the cure begins. Lender, once, from dueBy.
    function declareDefault(PledgeTerms calldata terms) external;

    /// @notice Takes the asset. Lender, from the declaration of default + cure.
    function foreclose(PledgeTerms calldata terms) external;

    /// @notice Hands over an asset that was held back, to whom it belongs. Anyone.
    /// @dev Raises the registry's error as long as it is held back.
    function collect(PledgeTerms calldata terms) external;

    /// @notice Hands over a recalled asset to whom it belongs, who is its issuer or acknowledged the recall. Anyone.
    /// @dev Raises the Genealogy's error otherwise.
    /// @param namespace With `localIdHash`, `keccak256(bytes(localId))`, what the asset's id is the hash of.
    function collectRecalled(PledgeTerms calldata terms, bytes32 namespace, bytes32 localIdHash) external;

    /// @notice Pays all that is owed to an owner in a token, to that owner. Anyone.
    function withdraw(address owner, address token) external;

    /* VIEWS */

    /// @notice Where the assets are.
    function registry() external view returns (IAssetRegistry);

    /// @notice The id of terms, and what their parties sign.
    function pledgeId(PledgeTerms calldata terms) external view returns (PledgeId);

    /// @notice What is kept of a pledge.
    function lienOf(PledgeId id) external view returns (Lien memory);

    /// @notice Whose the asset is while it is here; zero = it is not here.
    function entitledTo(PledgeTerms calldata terms) external view returns (address);

    /// @notice What an owner can withdraw, in base units.
    function owedTo(address owner, address token) external view returns (uint256);
}
