"""A supplier's agent: it answers the requests that its rules allow it to, with signed quotations.

What it signed stands in its folder before anybody gets it, one file for each request, so that after a kill it
neither signs another answer nor forgets one. A quotation binds the supplier to nothing beyond itself: hours
are marked and the deposit is locked when a buyer awards it, or not at all.
"""

import secrets
from pathlib import Path
from typing import Final

from fabricant.agents.journal import Journal
from fabricant.agents.quoting import Answer, MachineHours, Shop, answer, unsuitable, window
from fabricant.agents.supplier_rules import MachineRule, SupplierRules
from fabricant.chain import lookup
from fabricant.chain.capacity import QuotationsRequested
from fabricant.chain.errors import ContractError
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.offers import check_ready
from fabricant.chain.quotations import answering, handed_over, sign_answer
from fabricant.chain.wallet import Wallet
from fabricant.domain.assets import AssetId, namespace_of
from fabricant.domain.capacity import Quotation, RequestId, sold_by
from fabricant.domain.drafts import parse_token, process_code
from fabricant.domain.escrow import NO_HASH, Conditions, ConditionsId
from fabricant.domain.signed_files import QUOTATION_FILE, SignedFile
from fabricant.domain.units import Address, HourIndex, UnixSeconds, format_time
from fabricant.errors import InvalidInput, NotFound, VerificationFailed
from fabricant.files import write_whole

REORG: Final = 64  # blocks that are read again, since others may have taken their place
_NONCE_BITS: Final = 63


class SupplierAgent:
    """Answers requests. `step` does all that can be done now, and may be called again at any time."""

    def __init__(
        self,
        fabricant: Fabricant,
        rules: SupplierRules,
        *,
        wallet: Wallet,
        journal: Journal,
        home: Path,
        supplier: Address | None = None,
    ) -> None:
        """`wallet` signs: the supplier's own, or that of its operator (OPEN). `home`: where the rules stand.

        Raises InvalidInput or NotFound if machines, conditions or rights are missing.
        """
        self.fabricant = fabricant
        self.rules = rules
        self.supplier = supplier or wallet.address
        self._wallet = wallet
        self._journal = journal
        self._outbox = home / rules.outbox
        self._token = lookup.token_of(fabricant, parse_token(rules.token))
        self._accepted = frozenset(lookup.find_conditions(fabricant, each).id for each in rules.conditions)
        namespace = namespace_of(self.supplier)
        self._machines: list[tuple[MachineRule, AssetId]] = []
        for each in rules.machines:
            machine = lookup.find_asset(fabricant, each.machine, namespace=namespace)
            fabricant.assets.standing_of(machine)
            self._machines.append((each, machine))
        check_ready(fabricant, self.supplier)
        self._scanned = fabricant.deployment.first_block
        self._asked: dict[RequestId, QuotationsRequested] = {}
        self._standing = dict(self._signed())

    def step(self) -> bool:
        """Answers what was asked since the last time, and tells what was awarded. Never over: False."""
        head = self.fabricant.network.head()
        since, now = max(self.fabricant.deployment.first_block, self._scanned - REORG), head.timestamp
        market = self.fabricant.capacity
        for _, event in market.requests(since=since, until=head.number):
            if market.request_id(event.request) == event.id:
                self._asked[event.id] = event
        self._asked = {id_: each for id_, each in self._asked.items() if now < each.request.quote_by}
        self._standing = {id_: until for id_, until in self._standing.items() if now < until}
        for event in sorted(self._asked.values(), key=lambda each: (each.request.quote_by, each.id)):
            self._consider(event, now)
        for _, award in market.awards(since=since, until=head.number):
            if award.supplier == self.supplier and self._file(award.request_id).exists():
                self._journal.note(now, "awarded", _name(award.request_id), f"line 0x{award.id.hex()}")
        self._scanned = head.number
        return False

    def _consider(self, event: QuotationsRequested, now: UnixSeconds) -> None:
        if self._file(event.id).exists():
            self._hand_over(event, now)
            return
        name, request = _name(event.id), event.request
        conditions = self._conditions(request.conditions)
        shop = Shop(
            at=now,
            supplier=self.supplier,
            rules=self.rules,
            token=self._token,
            accepted=self._accepted,
            deposit=self.fabricant.escrow.free_balance_of(self.supplier, self._token.address),
        )
        reasons = [*unsuitable(shop, request, conditions)]
        if reasons or conditions is None:
            self._journal.note(now, "declined", name, "; ".join(reasons))
            return
        if len(self._standing) >= self.rules.most_quotations:
            self._journal.note(now, "waiting", name, "as many quotations stand as the rules allow")
            return
        machines = [
            self._hours(window(shop, request), rule, machine)
            for rule, machine in self._machines
            if process_code(rule.process) == request.process
        ]
        found = answer(shop, request, machines, conditions)
        if isinstance(found, str):
            self._journal.note(now, "declined", name, found)
            return
        try:
            self._sign(event, found)
        except (ContractError, InvalidInput) as refusal:
            self._journal.note(now, "declined", name, str(refusal))
            return
        hours = found.booking.hours
        self._journal.note(
            now,
            "quoted",
            name,
            f"{self._token.format(found.price)} (at least {self._token.format(found.least)}), "
            f"due {format_time(found.due_by)}, {hours.lines()[0] if hours else 'no hours'}",
            price=str(found.price),
            least=str(found.least),
            dueBy=found.due_by,
            validUntil=found.valid_until,
        )
        self._hand_over(event, now)

    def _sign(self, event: QuotationsRequested, found: Answer) -> None:
        terms = answering(
            self.fabricant,
            event.request,
            seller=self.supplier,
            booking=found.booking,
            price=found.price,
            open_by=found.valid_until,
            due_by=found.due_by,
        )
        quotation = Quotation(
            request_id=event.id,
            terms=terms,
            valid_until=found.valid_until,
            nonce=secrets.randbits(_NONCE_BITS),
            epoch=self.fabricant.capacity.epoch_of(self.supplier),
        )
        self.fabricant.capacity.check_quotation(
            quotation, found.booking, self.fabricant.escrow.conditions_of(terms.conditions)
        )
        file = sign_answer(self.fabricant, quotation, found.booking, by=self._wallet)
        handed_over(file, event)  # a key to which nothing can be sealed is refused before anything is kept
        write_whole(self._file(event.id), file.serialise())
        self._standing[event.id] = found.valid_until

    def _hand_over(self, event: QuotationsRequested, now: UnixSeconds) -> None:
        """Puts what the buyer gets into the outbox, once."""
        name = _name(event.id)
        if self._journal.last(name) in ("handed", "awarded"):
            return
        ending = "json" if event.request.sealing_key == NO_HASH else "sealed"
        target = self._outbox / f"{event.id.hex()}-{self.supplier[2:10].lower()}.{ending}"
        self._outbox.mkdir(parents=True, exist_ok=True)
        write_whole(target, handed_over(self._read(self._file(event.id)), event))
        self._journal.note(now, "handed", name, str(target))

    def _hours(self, hours: range, rule: MachineRule, machine: AssetId) -> MachineHours:
        """The hours of a machine that are free and the supplier's to sell."""
        standing = self.fabricant.assets.standing_of(machine)
        free: tuple[HourIndex, ...] = ()
        if hours and standing.is_fit:
            begin, end = HourIndex(hours.start), HourIndex(hours.stop)
            unsold = self.fabricant.capacity.free_hours(machine, begin, end)
            free = sold_by(standing, self.supplier, unsold)
        return MachineHours(rule=rule, machine=machine, free=frozenset(free))

    def _conditions(self, wanted: ConditionsId) -> Conditions | None:
        """Conditions that the rules accept, if somebody published them."""
        if wanted not in self._accepted:
            return None
        try:
            return self.fabricant.escrow.conditions_of(wanted)
        except NotFound:
            return None

    def _file(self, request: RequestId) -> Path:
        return self._journal.folder / f"{request.hex()}.json"

    def _read(self, file: Path) -> SignedFile[Quotation]:
        """A quotation of one's own. Raises InvalidInput, VerificationFailed if somebody altered it."""
        try:
            found = SignedFile.parse(QUOTATION_FILE, file.read_bytes())
            found.check_domain(self.fabricant.capacity.domain)
        except (InvalidInput, VerificationFailed) as wrong:
            wrong.args = (f"{file}: {wrong}",)
            raise
        return found

    def _signed(self) -> dict[RequestId, UnixSeconds]:
        """What was signed before, and until when it stands."""
        files = sorted(self._journal.folder.glob(f"{'[0-9a-f]' * 64}.json"))
        found = [self._read(file).content for file in files]
        return {each.request_id: each.valid_until for each in found}


def _name(request: RequestId) -> str:
    return f"request 0x{request.hex()}"
