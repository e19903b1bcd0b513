"""The typed client of the SupplierEscrow: order lines and their money.

Every action brings the Terms of its line, which the chain does not keep; a method that sends a transaction
returns its receipt with the event that concludes it. Actions are those of the contract, in its words; each
says who may call it, by itself or through an operator with the role, and what refuses it beside
SupplierEscrow_WrongStatus.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fabricant.chain.answers import Log
from fabricant.chain.client import AllDone, Client, Done
from fabricant.chain.network import NO_COIN, At
from fabricant.chain.signing import Signer, sign
from fabricant.domain.assets import AssetId
from fabricant.domain.bundles import leaf_of_id
from fabricant.domain.escrow import (
    AMENDMENT,
    ASSIGNMENT,
    BY_CALLING,
    SCHEDULE,
    SETTLEMENT,
    TERMS,
    Amendment,
    Assignment,
    Conditions,
    ConditionsId,
    Consent,
    Consents,
    Ending,
    Line,
    LineId,
    Outcome,
    PackedConditions,
    Permit,
    Schedule,
    Settlement,
    Terms,
    Window,
    line_id,
    possible,
)
from fabricant.domain.typed_data import Message
from fabricant.domain.units import Address, BaseUnits, Seconds, UnixSeconds, address_word, parse_address
from fabricant.errors import NotFound, WalletError


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsPublished:
    """Trade conditions were published, or published again. The uri binds nobody."""

    id: ConditionsId
    conditions: PackedConditions
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOpened:
    """A line was opened and funded. `held` is what is left after the advance."""

    id: LineId
    buyer: Address
    supplier: Address
    terms: Terms
    payer: Address
    held: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRevoked:
    """A line that was never opened can never be opened any more."""

    id: LineId
    by: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDelivered:
    """The supplier handed over. Inspection begins at `arrives_at`, or earlier if receipt is confirmed."""

    id: LineId
    by: Address
    late_intervals: int
    arrives_at: UnixSeconds
    evidence: bytes
    invoice: bytes
    uri: str
    assets: tuple[AssetId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptConfirmed:
    """The buyer's side recorded that the goods arrived before the transit time was over."""

    id: LineId
    by: Address
    arrived_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRejected:
    """A delivery was refused. `extra_after` includes the time since the handover, which is given back."""

    id: LineId
    by: Address
    reason: bytes
    rejections_after: int
    extra_after: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LineExtended:
    """The line is due later: `extra_after` seconds after its due date."""

    id: LineId
    by: Address
    extra_after: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePaid:
    """The buyer released a part of what is held. `amount` includes the broker's part."""

    id: LineId
    payee: Address
    amount: BaseUnits
    held_after: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRefunded:
    """The supplier side gave back a part of what is held."""

    id: LineId
    by: Address
    amount: BaseUnits
    held_after: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConcluded:
    """The money of a line was concluded: RETAINED if `retained` is above zero, else CLOSED.

    `to_supplier_side` includes the broker's part, and `to_buyer` an advance that the supplier returned. The
    rest of the bond is the supplier's once the line is closed.
    """

    id: LineId
    ending: Ending
    by: Address
    to_supplier_side: BaseUnits
    to_buyer: BaseUnits
    retained: BaseUnits
    bond_to_buyer: BaseUnits
    goods_to_buyer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsHandedOver:
    """Goods left custody. Bit i of `owed_after` is set while asset i of the delivery is still owed."""

    id: LineId
    to: Address
    assets: tuple[AssetId, ...]
    owed_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAssigned:
    """What is due to the supplier of a line is now due to `payee`."""

    id: LineId
    assignor: Address
    payee: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmended:
    """A line took another one's place; the buyer's share of the old one went into it first."""

    old_id: LineId
    new_id: LineId


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDisputed:
    """A line is in dispute: `disputant`, buyer, supplier or payee, deposited the arbiter's fee."""

    id: LineId
    by: Address
    disputant: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSubmitted:
    """Somebody submitted evidence: the commitment to it. `Evidence` says where it is found."""

    id: LineId
    by: Address
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """ERC-1497: where evidence is found. The group is the line's id as a number."""

    arbitrator: Address
    evidence_group_id: int
    party: Address
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBalanceChanged:
    """A free balance changed: deposit, withdrawal, bond, funding, or a payout that failed."""

    owner: Address
    token: Address
    balance_after: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the supplier says about a handover: hashes of its records and invoice, and where they are."""

    evidence: bytes = bytes(32)
    invoice: bytes = bytes(32)
    uri: str = ""
    assets: tuple[AssetId, ...] = ()  # that go into custody


@dataclass(frozen=True, slots=True, kw_only=True)
class Custody:
    """Goods in custody: the hash of their list (`goods_hash`), and a bit for each that is still owed."""

    assets_hash: bytes
    owed: int


@dataclass(frozen=True, slots=True)
class LineState:
    """A line now: what the chain keeps of it, under which conditions, and what may be done.

    `payee`: to whom it was assigned; zero if it was not.
    """

    id: LineId
    line: Line
    custody: Custody
    payee: Address
    conditions: Conditions
    at: UnixSeconds
    possible: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class SignedSchedule:
    """One side's signature over several lines."""

    schedule: Schedule
    signer: Address
    signature: bytes

    def consent(self, line: LineId) -> Consent:
        """The consent to one line by itself. Raises InvalidInput if it is not among them."""
        return Consent(self.signer, self.schedule.proof(line), self.signature)

    @property
    def together(self) -> Consent:
        """The consent to all lines in one call."""
        return Consent(self.signer, (), self.signature)


class SupplierEscrow(
    Client,
    contract="SupplierEscrow",
    events=(
        *(ConditionsPublished, LineOpened, LineRevoked, LineDelivered, ReceiptConfirmed, LineRejected),
        *(LineExtended, LinePaid, LineRefunded, LineConcluded, GoodsHandedOver, FreeBalanceChanged),
        *(LineDisputed, EvidenceSubmitted, Evidence, LineAmended, LineAssigned),
    ),
):
    """Order lines, trade conditions and free balances."""

    # Conditions

    def publish_conditions(self, conditions: Conditions, *, uri: str = "") -> Done[ConditionsPublished]:
        """Publishes trade conditions, which then never change. Anyone; sends a transaction.

        The uri binds nobody. Repeating it changes nothing.
        """
        return self._do(ConditionsPublished, "publishConditions", conditions.packed, uri)

    def conditions_of(self, conditions: ConditionsId) -> Conditions:
        """Published conditions. Raises NotFound if they are not published on this chain."""
        if (known := self._conditions.get(conditions)) is None:
            packed = self._read_as(PackedConditions, "conditionsOf", conditions)
            if not packed.rates:
                raise NotFound(
                    f"conditions 0x{conditions.hex()} are not published on chain {self.network.chain_id}; "
                    "publish them first"
                )
            known = self._conditions[conditions] = packed.unpack()
        return known

    def conditions_published(
        self, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, ConditionsPublished]]:
        """The trade conditions that were published in these blocks, repetitions included."""
        return self._find(ConditionsPublished, since=since, until=until)

    # Signing: sends nothing

    def check(self, terms: Terms) -> None:
        """Raises BrokenTerms if the escrow would not open it now, NotFound for unpublished conditions."""
        conditions = self.conditions_of(terms.conditions)
        terms.check(conditions, at=self.network.head().timestamp, escrow=self.address)

    def sign_terms(self, terms: Terms, *, by: Signer) -> Consent:
        """A party's consent to open a line, by signature. Sends nothing.

        `by`: the party, or its operator with OPEN. Raises as `check`, SigningRefused as `signing.sign`.
        """
        self.check(terms)
        return Consent(by.address, (), sign(Message(self.domain, TERMS, terms), by=by, on=self.network))

    def sign_schedule(self, terms: Sequence[Terms], *, by: Signer) -> SignedSchedule:
        """A party's consent to open several lines, each by itself or all together. Sends nothing.

        Raises InvalidInput for fewer than two different lines, and as `sign_terms`.
        """
        for each in terms:
            self.check(each)
        schedule = Schedule(map(self.line_id, terms))
        signature = sign(Message(self.domain, SCHEDULE, schedule), by=by, on=self.network)
        return SignedSchedule(schedule, by.address, signature)

    # Opening

    def open(
        self,
        terms: Terms,
        *,
        buyer: Consent = BY_CALLING,
        supplier: Consent = BY_CALLING,
        payer: Address | None = None,
        value: BaseUnits = NO_COIN,
    ) -> Done[LineOpened]:
        """Opens a line: takes the price in, locks the bond, pays the advance out. Sends a transaction.

        Both parties consent, by signature or as the sender or an operator of it with OPEN. `payer`: by
        default the sender. The chain's own coin comes from `value` (wei) and then the payer's free balance,
        ERC-20 from the payer's allowance, the bond from the supplier's free balance. Raises
        SupplierEscrow_NoConsent, SupplierEscrow_BadSignature, SupplierEscrow_InsufficientBalance, an error
        of the terms, or the token's own.
        """
        return self._do(LineOpened, "open", terms, buyer, supplier, self._payer(payer), value=value)

    def open_with_permit(
        self,
        terms: Terms,
        permit: Permit,
        *,
        buyer: Consent = BY_CALLING,
        supplier: Consent = BY_CALLING,
        payer: Address | None = None,
    ) -> Done[LineOpened]:
        """Opens a line as `open`, with the payer's allowance signed (`Erc20.sign_permit`) instead of sent.

        Sends a transaction. A permit that somebody submitted before is no obstacle. Raises as `open`.
        """
        return self._do(LineOpened, "openWithPermit", terms, buyer, supplier, self._payer(payer), permit)

    def open_many(
        self,
        terms: Sequence[Terms],
        *,
        buyer: Consent = BY_CALLING,
        supplier: Consent = BY_CALLING,
        payer: Address | None = None,
    ) -> AllDone[LineOpened]:
        """Opens lines of one buyer, supplier, token, broker and opener at once. Sends a transaction.

        In any order: they are brought into that of the schedule. Signed consents are those to all of them
        together. The chain's own coin comes from the payer's free balance. Raises as `open`,
        SupplierEscrow_MixedBatch.
        """
        ordered = tuple(sorted(terms, key=lambda each: leaf_of_id(self.line_id(each))))
        return self._do_all(LineOpened, "openMany", ordered, buyer, supplier, self._payer(payer))

    def revoke(self, terms: Terms) -> Done[LineRevoked]:
        """Makes sure that terms never will be opened. Either party (OPEN); sends a transaction.

        Raises SupplierEscrow_NotParty.
        """
        return self._do(LineRevoked, "revoke", terms)

    # Delivery

    def deliver(self, terms: Terms, delivery: Delivery) -> Done[LineDelivered]:
        """Records the handover and takes goods into custody. Supplier (QUALITY, with assets also ASSETS).

        Sends a transaction. Assets are owned by the supplier, approved to the escrow, and nobody else uses
        them. After a rejection: the full list if the supplier collected the goods, otherwise none. Raises
        SupplierEscrow_NotSupplier, SupplierEscrow_TooEarly, SupplierEscrow_TooLate,
        SupplierEscrow_WrongAssetCount, SupplierEscrow_WrongAssets, AssetRegistry_InUse, or another error of
        the registry.
        """
        return self._do(LineDelivered, "deliver", terms, delivery)

    def confirm_receipt(self, terms: Terms) -> Done[ReceiptConfirmed]:
        """Records that the goods arrived: inspection begins. No acceptance. Buyer or inspector (QUALITY).

        Sends a transaction. Raises SupplierEscrow_NotInspector, SupplierEscrow_AlreadyArrived.
        """
        return self._do(ReceiptConfirmed, "confirmReceipt", terms)

    # Inspection

    def accept(self, terms: Terms, assets: Sequence[AssetId] = ()) -> Done[LineConcluded]:
        """Accepts: pays, less late damages and retention. Sends a transaction.

        A delivery: buyer or inspector (QUALITY). Without one, after a rejection, or in a dispute: the buyer
        alone (FINANCE). `assets`: the goods in custody, in the order of delivery; they are handed over, and
        name the delivery that is accepted. Raises SupplierEscrow_NotInspector, SupplierEscrow_NotBuyer,
        SupplierEscrow_WrongAssets.
        """
        return self._do(LineConcluded, "accept", terms, tuple(assets))

    def accept_many(
        self, terms: Sequence[Terms], assets: Sequence[Sequence[AssetId]] | None = None
    ) -> AllDone[LineConcluded]:
        """Accepts lines of one buyer, supplier, payee, token, broker and opener, with one payout to each.

        Sends a transaction. `assets`: a list for each line. Raises as `accept`, SupplierEscrow_MixedBatch,
        SupplierEscrow_LengthMismatch, SupplierEscrow_EmptyBatch.
        """
        lists = [()] * len(terms) if assets is None else assets
        return self._do_all(LineConcluded, "acceptMany", tuple(terms), tuple(map(tuple, lists)))

    def deem_accept(self, terms: Terms, assets: Sequence[AssetId] = ()) -> Done[LineConcluded]:
        """Closes a delivery that nobody inspected in time, as accepted. Anyone; sends a transaction.

        `assets`: the goods in custody, or none, to be collected later. Raises SupplierEscrow_TooEarly,
        SupplierEscrow_WrongAssets.
        """
        return self._do(LineConcluded, "deemAccept", terms, tuple(assets))

    def deem_accept_many(
        self, terms: Sequence[Terms], assets: Sequence[Sequence[AssetId]] | None = None
    ) -> AllDone[LineConcluded]:
        """Closes several deliveries of one buyer, supplier, payee, token, broker and opener. Anyone.

        Sends a transaction. `assets`: a list for each line, or none. Raises as `deem_accept` and
        `accept_many`.
        """
        lists = [()] * len(terms) if assets is None else assets
        return self._do_all(LineConcluded, "deemAcceptMany", tuple(terms), tuple(map(tuple, lists)))

    def reject(self, terms: Terms, *, reason: bytes) -> Done[LineRejected]:
        """Refuses a delivery; the supplier may deliver again. The inspector, else the buyer (QUALITY).

        Sends a transaction. `reason`: commitment to the inspection report, 32 bytes. Raises
        SupplierEscrow_NotInspector, SupplierEscrow_TooLate, SupplierEscrow_RejectionsUsedUp.
        """
        return self._do(LineRejected, "reject", terms, reason)

    # Disputes

    def dispute(self, terms: Terms, *, evidence: bytes, uri: str = "") -> Done[LineDisputed]:
        """Asks the arbiter, and deposits its fee from the disputant's free balance. Sends a transaction.

        The buyer (QUALITY) while a delivery can be inspected, or before the retention ends; the supplier or
        the payee (QUALITY) in the cure period. `evidence`: commitment to what is found at `uri`, 32 bytes.
        Raises SupplierEscrow_NotParty, SupplierEscrow_TooLate, SupplierEscrow_InsufficientBalance.
        """
        return self._do(LineDisputed, "dispute", terms, evidence, uri)

    def evidence(self, terms: Terms, *, evidence: bytes, uri: str = "") -> Done[EvidenceSubmitted]:
        """Submits evidence. Buyer, supplier or payee (QUALITY), or the arbiter; sends a transaction.

        Raises SupplierEscrow_NotParty.
        """
        return self._do(EvidenceSubmitted, "evidence", terms, evidence, uri)

    def rule(self, terms: Terms, outcome: Outcome) -> Done[LineConcluded]:
        """Decides a dispute, and pays the arbiter. The arbiter itself; sends a transaction.

        The outcome is cut to what is held, and to the bond. Raises SupplierEscrow_NotArbiter,
        SupplierEscrow_TooLate.
        """
        return self._do(LineConcluded, "rule", terms, outcome)

    def apply_default(self, terms: Terms) -> Done[LineConcluded]:
        """Ends a dispute in which no ruling came, by the agreed split. Anyone; sends a transaction.

        Raises SupplierEscrow_TooEarly.
        """
        return self._do(LineConcluded, "applyDefault", terms)

    # Agreements

    def sign_settlement(self, settlement: Settlement, *, by: Signer) -> Consent:
        """A party's consent to end a line so, by signature. Sends nothing.

        `by`: the party, or its operator with CHANGE. Raises SigningRefused as `signing.sign`.
        """
        return self._consent(Message(self.domain, SETTLEMENT, settlement), by)

    def settle(
        self,
        terms: Terms,
        outcome: Outcome,
        *,
        deadline: UnixSeconds,
        buyer: Consent = BY_CALLING,
        supplier: Consent = BY_CALLING,
        payee: Consent = BY_CALLING,
    ) -> Done[LineConcluded]:
        """Ends a line as its parties agree. Sends a transaction.

        Buyer, supplier and, of an assigned line, payee consent: each by signature (`sign_settlement`), or as
        the sender or an operator of it with CHANGE. `deadline` is exclusive. Raises
        SupplierEscrow_NoConsent, SupplierEscrow_BadSignature, SupplierEscrow_ActsForBoth,
        SupplierEscrow_TooLate.
        """
        consents = Consents(buyer, supplier, payee)
        return self._do(LineConcluded, "settle", terms, outcome, deadline, consents)

    def sign_amendment(self, amendment: Amendment, *, by: Signer) -> Consent:
        """A party's consent to replace a line, by signature. Sends nothing.

        `by`: the party, or its operator with CHANGE. Raises SigningRefused as `signing.sign`.
        """
        return self._consent(Message(self.domain, AMENDMENT, amendment), by)

    def amend(
        self,
        terms: Terms,
        new_terms: Terms,
        outcome: Outcome,
        *,
        deadline: UnixSeconds,
        buyer: Consent = BY_CALLING,
        supplier: Consent = BY_CALLING,
        payee: Consent = BY_CALLING,
        payer: Address | None = None,
        value: BaseUnits = NO_COIN,
    ) -> Done[LineAmended]:
        """Replaces a line, as an engineering change order does. Sends a transaction.

        `outcome` ends the old line: work in progress is the supplier's share, and the buyer's share goes into
        the new line first. What that costs beyond it comes from `payer`, by default the sender, as in `open`.
        Buyer, supplier, broker, token, opener and payee stay; the new line pays no advance. Consents as for
        `settle` (`sign_amendment`); the supplier's operator also needs OPEN if more bond is bound. Raises as
        `settle` and `open`, SupplierEscrow_MixedBatch, SupplierEscrow_GoodsStuck.
        """
        consents = Consents(buyer, supplier, payee)
        arguments = (terms, new_terms, outcome, deadline, consents, self._payer(payer))
        return self._do(LineAmended, "amend", *arguments, value=value)

    def sign_assignment(self, assignment: Assignment, *, by: Signer) -> Consent:
        """A payee's consent to what is assigned to it, by signature. Sends nothing.

        `by`: the payee, or its operator with CHANGE. Raises SigningRefused as `signing.sign`.
        """
        return self._consent(Message(self.domain, ASSIGNMENT, assignment), by)

    def assign(
        self, terms: Terms, payee: Address, *, deadline: UnixSeconds, consent: Consent = BY_CALLING
    ) -> Done[LineAssigned]:
        """Assigns what is due to the supplier of a line to a payee. Sends a transaction.

        The supplier itself; once assigned, the payee itself. The new payee consents by signature
        (`sign_assignment`), or through the sender as its operator with CHANGE. `deadline` is exclusive, and
        later than that of the assignment before. Raises SupplierEscrow_NotSupplier, SupplierEscrow_TooLate,
        SupplierEscrow_BadParty, SupplierEscrow_NoConsent, SupplierEscrow_BadSignature.
        """
        return self._do(LineAssigned, "assign", terms, payee, deadline, consent)

    # Money on the way

    def pay(self, terms: Terms, *, held_after: BaseUnits) -> Done[LinePaid]:
        """Releases a part of what is held to the supplier side. Buyer (FINANCE); sends a transaction.

        `held_after` base units stay held; a repeat is refused. Raises SupplierEscrow_NotBuyer,
        SupplierEscrow_HeldNotBelow.
        """
        return self._do(LinePaid, "pay", terms, held_after)

    def refund(self, terms: Terms, *, held_after: BaseUnits) -> Done[LineRefunded]:
        """Gives a part of what is held back to the buyer. Supplier side (FINANCE); sends a transaction.

        `held_after` base units stay held; a repeat is refused. Raises SupplierEscrow_NotSupplier,
        SupplierEscrow_HeldNotBelow.
        """
        return self._do(LineRefunded, "refund", terms, held_after)

    # Change and breach

    def extend(self, terms: Terms, *, extra_after: Seconds) -> Done[LineExtended]:
        """Makes the line due later. Buyer (CHANGE); sends a transaction.

        `extra_after`: seconds after its due date, more than now, at most 366 days. Raises
        SupplierEscrow_NotBuyer, SupplierEscrow_ExtensionOutOfRange.
        """
        return self._do(LineExtended, "extend", terms, extra_after)

    def cancel(self, terms: Terms) -> Done[LineConcluded]:
        """Cancels in good time, for the agreed compensation. Buyer (CHANGE); sends a transaction.

        Raises SupplierEscrow_NotBuyer, SupplierEscrow_TooLate.
        """
        return self._do(LineConcluded, "cancel", terms)

    def resign(self, terms: Terms) -> Done[LineConcluded]:
        """Declines to perform. Supplier (CHANGE); sends a transaction.

        What is held goes to the buyer, and the bond; in the resign period the advance instead of the bond,
        from the supplier's free balance. Not once the line is assigned. Raises SupplierEscrow_NotSupplier,
        SupplierEscrow_Assigned, SupplierEscrow_InsufficientBalance.
        """
        return self._do(LineConcluded, "resign", terms)

    def terminate(self, terms: Terms) -> Done[LineConcluded]:
        """Ends what was not performed: held and bond to the buyer. Buyer (CHANGE); sends a transaction.

        Raises SupplierEscrow_NotBuyer, SupplierEscrow_TooEarly.
        """
        return self._do(LineConcluded, "terminate", terms)

    # After acceptance

    def pay_retention(self, terms: Terms) -> Done[LineConcluded]:
        """Pays the retention once its time is over. Anyone; sends a transaction.

        Raises SupplierEscrow_TooEarly.
        """
        return self._do(LineConcluded, "payRetention", terms)

    def collect(self, terms: Terms, assets: Sequence[AssetId]) -> Done[GoodsHandedOver]:
        """Hands goods in custody to whom they belong (ASSETS). Sends a transaction.

        `assets`: the whole list of the delivery. Raises SupplierEscrow_NotEntitled,
        SupplierEscrow_WrongAssets, SupplierEscrow_GoodsStuck.
        """
        return self._do(GoodsHandedOver, "collect", terms, tuple(assets))

    # Free balances

    def deposit(
        self, token: Address, amount: BaseUnits, *, owner: Address | None = None
    ) -> Done[FreeBalanceChanged]:
        """Adds to a free balance, by default the sender's. Sends a transaction.

        The chain's own coin (token zero) is sent along, by anyone; ERC-20 comes from the owner's allowance,
        by the owner (FINANCE). Raises SupplierEscrow_NotOwner, SupplierEscrow_InexactTransfer, or the
        token's error.
        """
        value = amount if int(token, 16) == 0 else NO_COIN
        return self._do(FreeBalanceChanged, "deposit", self._payer(owner), token, amount, value=value)

    def withdraw(
        self, token: Address, amount: BaseUnits, *, owner: Address | None = None
    ) -> Done[FreeBalanceChanged]:
        """Pays free balance out to its owner (FINANCE), by default the sender. Sends a transaction.

        Raises SupplierEscrow_NotOwner, SupplierEscrow_InsufficientBalance, SupplierEscrow_PayoutFailed.
        """
        return self._do(FreeBalanceChanged, "withdraw", self._payer(owner), token, amount)

    def free_balance_of(self, owner: Address, token: Address, *, at: At = "latest") -> BaseUnits:
        """What an owner may withdraw, in base units."""
        return BaseUnits(self._read("freeBalanceOf", owner, token, at=at))

    def balances_changed(
        self, owner: Address, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, FreeBalanceChanged]]:
        """All changes of an owner's free balances in these blocks, in order."""
        return self._find(FreeBalanceChanged, address_word(owner), since=since, until=until)

    # Lines

    def line_id(self, terms: Terms) -> LineId:
        """The id of a line, worked out here as the contract does."""
        return line_id(terms, self.domain)

    def line_of(self, line: LineId, *, at: At = "latest") -> Line:
        """What the chain keeps of a line; all zero if it was never opened."""
        return self._read_as(Line, "lineOf", line, at=at)

    def custody_of(self, line: LineId, *, at: At = "latest") -> Custody:
        """The goods of a line that are still here."""
        return self._read_as(Custody, "custodyOf", line, at=at)

    def payee_of(self, line: LineId, *, at: At = "latest") -> Address:
        """To whom a line was assigned; zero if it was not."""
        return parse_address(self._read("payeeOf", line, at=at))

    def state_of(self, terms: Terms) -> LineState:
        """A line now: what the chain keeps of it, and what may be done.

        Raises NotFound if its conditions are not published.
        """
        head, line = self.network.head(), self.line_id(terms)
        kept, conditions = self.line_of(line, at=head.number), self.conditions_of(terms.conditions)
        custody = self.custody_of(line, at=head.number)
        windows = possible(terms, kept, conditions, at=head.timestamp, goods_here=custody.owed != 0)
        payee = self.payee_of(line, at=head.number)
        return LineState(line, kept, custody, payee, conditions, head.timestamp, windows)

    def terms_of(self, line: LineId, *, since: int = 0) -> Terms:
        """The terms of a line, from the event that opened it, in block `since` or later.

        Raises NotFound if there is none. The id proves the terms, whoever the node is.
        """
        found = [event.terms for _, event in self._find(LineOpened, line, since=since)]
        if not found or self.line_id(found[0]) != line:
            raise NotFound(
                f"line 0x{line.hex()} was not opened on chain {self.network.chain_id}; check its id"
            )
        return found[0]

    def lines_opened(
        self,
        *,
        buyer: Address | None = None,
        supplier: Address | None = None,
        since: int = 0,
        until: int | None = None,
    ) -> list[tuple[Log, LineOpened]]:
        """The lines that were opened in these blocks, of a buyer or a supplier if they are named."""
        parties = (None if each is None else address_word(each) for each in (buyer, supplier))
        return self._find(LineOpened, None, *parties, since=since, until=until)

    def history_of(
        self, line: LineId, *, since: int = 0, until: int | None = None
    ) -> list[tuple[Log, object]]:
        """Everything that the escrow said of a line, in order; also which line it replaced."""
        said = self._find_all(None, line, since=since, until=until)
        replaced = self._find(LineAmended, None, line, since=since, until=until)
        return sorted([*said, *replaced], key=lambda each: (each[0].block, each[0].index))

    # Inside

    @cached_property
    def _conditions(self) -> dict[ConditionsId, Conditions]:
        """Conditions never change, so each is read once."""
        return {}

    def _consent(self, message: Message, by: Signer) -> Consent:
        return Consent(by.address, (), sign(message, by=by, on=self.network))

    def _payer(self, named: Address | None) -> Address:
        if (payer := named or self.account) is None:
            raise WalletError("say whose money it is: this client has no account of its own")
        return payer
