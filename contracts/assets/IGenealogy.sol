// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDirectory} from "../directory/IDirectory.sol";
import {Batch, Registration, Status} from "./AssetRegistryTypes.sol";
import {
    Hold,
    Input,
    Notice,
    NoticeId,
    Processing,
    Reach,
    Recall,
    Scrap,
    Transformation
} from "./GenealogyTypes.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";

/// @title Genealogy: what assets are made of, and which of them are called back
/// @notice Parts are assembled and lots are transformed; a recall follows both. The AssetRegistry keeps who owns what, and obeys
/// this contract alone. Nothing here loops over the graph: whoever sends a transaction names the edges, and each is proven.
///
/// ROLES. An asset's owner, or its ASSETS operator, assembles, disassembles and transforms it, and may let its user transform
/// a lot. A namespace's issuer, or its ASSETS operator, recalls what is named in it, lifts that, and says who may hold. An
/// authority holds for a time; it takes nothing. Anyone carries a recall on along an edge that exists.
///
/// LOCKS. What is assembled, consumed, recalled or held can't be transferred, assembled or transformed. A recalled asset may go to
/// its issuer and to whoever acknowledged its notices. A notice that is lifted and a hold that is over lock nothing from then on;
/// {unlock} merely tells those who follow events.
///
/// TIME. Unix seconds; terms end at the stated instant: at it, they are over.
interface IGenealogy {
    /* ERRORS THAT MANY ACTIONS SHARE */

    /// @notice Thrown when the caller is neither the asset's owner nor its operator with ASSETS.
    error Genealogy_NotOwner(uint256 id, address caller, address owner);
    /// @notice Thrown when the caller is neither the namespace's issuer nor its operator with ASSETS.
    error Genealogy_NotIssuer(bytes32 namespace, address caller, address issuer);
    /// @notice Thrown when an asset is assembled, recalled or held.
    error Genealogy_Unfit(uint256 id, uint8 flags);
    /// @notice Thrown when the caller is neither the asset's owner nor approved (ERC-721).
    error Genealogy_NotApproved(uint256 id, address caller);
    /// @notice Thrown when an asset's life is over.
    error Genealogy_Final(uint256 id, Status status);
    /// @notice Thrown when somebody else has the right to use the asset.
    error Genealogy_InUse(uint256 id, address user, uint256 until);

    /// @notice The registry that obeys this contract.
    function registry() external view returns (IAssetRegistry);

    /// @notice The Directory that knows who acts for whom.
    function directory() external view returns (IDirectory);

    /* ASSEMBLIES */

    /// @notice Emitted when an asset becomes part of another.
    event Assembled(uint256 indexed parent, uint256 indexed child);
    /// @notice Emitted when an asset is taken out again.
    event Disassembled(uint256 indexed parent, uint256 indexed child);

    /// @notice Thrown when a part belongs to somebody else, or is what it would go into.
    error Genealogy_NotJoinable(uint256 parent, uint256 child, address owner);
    /// @notice Thrown when an assembly would have more than 15 levels below it.
    error Genealogy_TooHigh(uint256 parent, uint256 child);
    /// @notice Thrown when an asset is no part of the other.
    error Genealogy_NotAPart(uint256 parent, uint256 child);

    /// @notice Makes assets parts of another of the same owner; title to them follows the root from then on. Owner or its ASSETS
    /// operator. The registry owns the parts meanwhile, their devices are unbound, and nobody may have the use of them.
    function assemble(uint256 parent, uint256[] calldata children) external;

    /// @notice Takes parts out, to the owner of the whole, not the caller. Owner or its ASSETS operator.
    /// @dev Parts of parts: take the part out first. What is recalled with the whole stays recalled. Nobody else may have the use of
    /// the whole, and it may not be held itself; a part that is held comes out, and stays held.
    function disassemble(uint256 parent, uint256[] calldata children) external;

    /// @notice What an asset is a part of; zero = nothing.
    function parentOf(uint256 id) external view returns (uint256);

    /// @notice How many parts an asset has, not counting theirs.
    function partsIn(uint256 id) external view returns (uint256);

    /// @notice The asset that has an asset in it, at whatever level: itself if it is part of nothing.
    function rootOf(uint256 id) external view returns (uint256);

    /// @notice Who has title to an asset: the owner of its root.
    function titleOf(uint256 id) external view returns (address);

    /* TRANSFORMATIONS */

    /// @notice Emitted when assets are made of others.
    /// @param made Hash of the inputs, `keccak256(abi.encode(inputs))`, which every output keeps.
    /// @param owner Of the inputs, and of the outputs.
    event Transformed(
        bytes32 indexed made, address indexed owner, address indexed by, Input[] inputs, Scrap[] scrap, uint256[] outputs
    );
    /// @notice Emitted when an owner lets the user of a lot transform it; the zero address ends that.
    event ProcessingPermitted(
        uint256 indexed lot, address indexed owner, address indexed processor, uint40 until, uint16 maxScrapBps
    );

    /// @notice Thrown when an asset has parts: take them out first.
    error Genealogy_HasParts(uint256 id, uint256 parts);
    /// @notice Thrown when nothing goes in.
    error Genealogy_NoInputs();
    /// @notice Thrown when the inputs, or an output, belong to somebody other than the first input's owner.
    error Genealogy_MixedOwners(uint256 id, address owner, address expected);
    /// @notice Thrown when a unit goes in for which no scrap is declared.
    error Genealogy_UndeclaredUnit(bytes3 unit);
    /// @notice Thrown when what comes out and what is scrapped are not what went in.
    error Genealogy_Unbalanced(bytes3 unit, uint256 put, uint256 made, uint128 scrap);
    /// @notice Thrown when a processor scraps more than the owner permits.
    error Genealogy_TooMuchScrap(bytes3 unit, uint128 scrap, uint16 maxScrapBps);
    /// @notice Thrown when more than everything may be scrapped.
    error Genealogy_BadShare(uint16 bps);

    /// @notice Makes new assets of others. The inputs' owner or its ASSETS operator; where the inputs have a user, that user or its
    /// ASSETS operator, if the owner permits it. The caller acts for the issuer of the outputs' namespace too.
    /// @dev A unit that stands on both sides balances exactly with its scrap. For a processor every unit does, and no unit, which
    /// stands for pieces, is one.
    function transform(Transformation calldata transformation) external returns (uint256[] memory outputs);

    /// @notice Lets the user of a lot transform it, for its owner, while that owns it. Owner or its ASSETS operator.
    /// @param processor Zero = nobody any more.
    /// @param until Unix seconds, exclusive.
    function permitProcessing(uint256 lot, address processor, uint40 until, uint16 maxScrapBps) external;

    /// @notice What an owner lets the user of a lot do with it.
    function processingOf(uint256 lot, address owner) external view returns (Processing memory);

    /// @notice Hash of the inputs that an asset was made of; zero = it was not.
    function madeOf(uint256 id) external view returns (bytes32);

    /* RECALLS */

    /// @notice Emitted when a notice is issued.
    event NoticeIssued(NoticeId indexed notice, bytes32 indexed namespace, bytes32 hash, string uri);
    /// @notice Emitted when a notice is lifted: it locks nothing any more.
    event NoticeLifted(NoticeId indexed notice);
    /// @notice Emitted when a notice covers an asset or a batch.
    event Recalled(NoticeId indexed notice, uint256 indexed id, Reach reach);
    /// @notice Emitted when a notice no longer covers an asset, of which only a part was concerned.
    event RecallCleared(NoticeId indexed notice, uint256 indexed id);
    /// @notice Emitted when somebody declares to know of a notice.
    event RecallAcknowledged(NoticeId indexed notice, address indexed account);
    /// @notice Emitted when a recalled asset goes to its issuer or to somebody who knows of the notice.
    event RecalledReturned(uint256 indexed id, address indexed from, address indexed to);

    /// @notice Thrown when a notice was never issued.
    error Genealogy_UnknownNotice(NoticeId notice);
    /// @notice Thrown when a notice is lifted: it never comes back.
    error Genealogy_Lifted(NoticeId notice);
    /// @notice Thrown when a batch is not of the namespace, or was never committed.
    error Genealogy_BadBatch(bytes32 namespace, uint256 batch);
    /// @notice Thrown when more than 32 notices in force would be handed on at once.
    error Genealogy_TooManyNotices(uint256 id);
    /// @notice Thrown when a notice does not cover the asset or batch from which it would spread, or covers it upward only.
    error Genealogy_NotSpreading(NoticeId notice, uint256 from);
    /// @notice Thrown when there is no edge from one to the other.
    error Genealogy_NoEdge(uint256 from, uint256 to);
    /// @notice Thrown when a notice covers the asset other than because of a part.
    error Genealogy_NotClearable(NoticeId notice, uint256 id, Reach reach);
    /// @notice Thrown when a recalled asset would go to somebody who is not its issuer and did not acknowledge all its notices.
    error Genealogy_NotAcknowledged(uint256 id, address to);
    /// @notice Thrown when the asset is not recalled.
    error Genealogy_NotRecalled(uint256 id);

    /// @notice Recalls assets and batches, and with each part all that it is in. Issuer or its ASSETS operator.
    /// @param localIdHashes `keccak256(bytes(localId))` of each asset.
    /// @param hash Of the notice's text; the same again adds to the same notice.
    /// @param uri Where the text is found; told the first time.
    function recall(
        bytes32 namespace,
        bytes32[] calldata localIdHashes,
        Batch[] calldata batches,
        bytes32 hash,
        string calldata uri
    ) external returns (NoticeId notice);

    /// @notice Carries a recall from an input on to outputs. Anyone; passes over what is covered already, as do the others.
    /// @param inputs All that the outputs were made of.
    /// @param from Which of them is recalled, from zero.
    function extendToOutputs(NoticeId notice, Input[] calldata inputs, uint256 from, uint256[] calldata outputs)
        external;

    /// @notice Carries a recall from wholes on to their parts. Anyone.
    function extendToParts(NoticeId notice, uint256[] calldata children) external;

    /// @notice Carries a recall from a batch's origin on to the batch. Anyone.
    function extendToBatch(NoticeId notice, Batch calldata batch) external;

    /// @notice Carries a recall from a batch on to a unit that is a token already. Anyone.
    function extendToUnit(NoticeId notice, Batch calldata batch, Registration calldata unit, bytes32[] calldata proof)
        external;

    /// @notice Frees an asset from a notice that covers only a part of it, until another part is. The asset's issuer or its ASSETS
    /// operator, who vouches for the whole.
    function clearRecall(NoticeId notice, bytes32 namespace, bytes32 localIdHash) external;

    /// @notice Lifts a notice, and frees all that it covers. The issuer of its namespace or its ASSETS operator.
    function liftRecall(bytes32 namespace, bytes32 hash) external;

    /// @notice Declares that the caller knows of a notice, so that what it covers may come to it.
    function acknowledgeRecall(NoticeId notice) external;

    /// @notice Hands a recalled asset to its issuer, or to whoever acknowledged all its notices. Owner, or whom it approved.
    function returnRecalled(bytes32 namespace, bytes32 localIdHash, address to) external;

    /// @notice A notice's id, issued or not.
    function noticeId(bytes32 namespace, bytes32 hash) external pure returns (NoticeId);

    /// @notice When a notice was issued and lifted.
    function noticeOf(NoticeId notice) external view returns (Notice memory);

    /// @notice Whether an account declared to know of a notice.
    function hasAcknowledged(NoticeId notice, address account) external view returns (bool);

    /// @notice How a notice covers an asset or a batch, or would if it were not lifted.
    function reachOf(uint256 id, NoticeId notice) external view returns (Reach);

    /// @notice The notices that cover an asset or a batch, with lifted ones until {unlock} forgets them.
    function recallsOf(uint256 id) external view returns (Recall[] memory);

    /* HOLDS */

    /// @notice Emitted when an issuer says whether an authority may hold what is named in a namespace.
    event AuthoritySet(bytes32 indexed namespace, address indexed authority, bool allowed);
    /// @notice Emitted when an authority holds an asset.
    event HoldPlaced(uint256 indexed id, address indexed authority, uint40 until);
    /// @notice Emitted when an asset is held for longer than before, itself or because of a part.
    event Held(uint256 indexed id, uint40 until);

    /// @notice Thrown when the caller may not hold what is named in the namespace.
    error Genealogy_NotAuthority(bytes32 namespace, address caller);
    /// @notice Thrown when a hold would be over already or last longer than 180 days.
    error Genealogy_BadTerm(uint256 until, uint256 nowAt);
    /// @notice Thrown when the last hold is over for less than 180 days.
    error Genealogy_HeldBefore(uint256 id, uint256 nowAt, uint40 again);

    /// @notice Says whether an authority may hold what is named in a namespace. Issuer or its ASSETS operator.
    function setAuthority(bytes32 namespace, address authority, bool allowed) external;

    /// @notice Holds an asset, and all that it is in, for at most 180 days; again only 180 days later. An authority.
    /// @param until Unix seconds, exclusive.
    function hold(bytes32 namespace, bytes32 localIdHash, uint40 until) external;

    /// @notice Whether an authority may hold what is named in a namespace: if its present issuer said so.
    function isAuthority(bytes32 namespace, address authority) external view returns (bool);

    /// @notice Until when an asset is held, because of a part and itself, and from when it can be held again.
    function holdOf(uint256 id) external view returns (Hold memory);

    /* LOCKS */

    /// @notice Emits Unlocked (ERC-5192) for assets whose recalls and holds are over, and forgets up to 128 notices each that are.
    /// Anyone. Nobody has to, unless the last eight of more notices that cover an asset are over: until then it counts as recalled.
    function unlock(uint256[] calldata ids) external;

    /// @notice Thrown when the caller is not the registry.
    error Genealogy_NotRegistry(address caller);

    /// @notice FLAG_RECALLED and FLAG_HELD, as they are now.
    function locksOf(uint256 id) external view returns (uint8 flags);

    /// @notice Covers a new unit or batch with what covers its origin. The registry only.
    function inherit(uint256 from, uint256 to) external;
}
