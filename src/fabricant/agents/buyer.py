"""A buyer's agent: it publishes one request, collects quotations, and awards the best by its published rule.

It is as safe to kill as to run. Salts are written down before the request is sent, so that it is asked once;
the quotation that gets the award is written down before anything is paid, and another one is chosen only
when that one can't be awarded and nothing of the wallet's is still on its way. So no second line is ever
opened for a request.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from fabricant.agents.buyer_rules import BuyerRules
from fabricant.agents.journal import Journal
from fabricant.chain import lookup
from fabricant.chain.capacity import SignedQuotation
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.offers import check_ready
from fabricant.chain.payments import payment_of
from fabricant.chain.quotations import QuotationReport, as_file, examine, rank, read_answer
from fabricant.chain.reverts import ContractError
from fabricant.chain.sealing import LARGEST_SEALED, sealing_key
from fabricant.chain.wallet import Wallet
from fabricant.domain.capacity import Request, RequestId
from fabricant.domain.drafts import parse_hash, parse_hour, parse_token, process_code
from fabricant.domain.escrow import NO_HASH, LineId, Status, order_ref
from fabricant.domain.units import (
    NOTHING,
    ZERO_ADDRESS,
    Address,
    UnixSeconds,
    format_time,
    parse_address,
    parse_time,
    printable,
)
from fabricant.errors import (
    InvalidInput,
    NotFound,
    TransactionError,
    TransactionFailed,
    VerificationFailed,
    WrongChain,
)
from fabricant.files import write_whole

MOST_FILES: Final = 1000  # of an inbox
_SALTS: Final = "request.json"
_CHOSEN: Final = "award.json"
_SET_ASIDE: Final = "set aside"


class BuyerAgent:
    """Asks and awards. `step` does all that can be done now, and may be called again at any time."""

    def __init__(
        self,
        fabricant: Fabricant,
        rules: BuyerRules,
        *,
        wallet: Wallet,
        journal: Journal,
        home: Path,
        buyer: Address | None = None,
    ) -> None:
        """`wallet` sends: the buyer's own, or that of its operator (OPEN). `home`: where the rules stand.

        `fabricant` acts for the wallet. Raises InvalidInput if the rules are not those of the request that
        was published, or nothing could come of them.
        """
        self.fabricant = fabricant
        self.rules = rules
        self.buyer = buyer or wallet.address
        self.line: LineId | None = None  # that was opened, once the agent is done
        self._wallet = wallet
        self._journal = journal
        self._inbox = home / rules.inbox
        self._token = lookup.token_of(fabricant, parse_token(rules.token))
        self._limit = self._token.parse(rules.limit)
        self._allowed = frozenset(map(parse_address, rules.suppliers))
        self._known = rules.attributes()
        self._conditions = lookup.find_conditions(fabricant, rules.conditions).conditions
        fabricant.escrow.conditions_of(self._conditions.id)
        check_ready(fabricant, self.buyer)
        self._request, self.request_id = self._prepared()
        self._looked: set[tuple[str, int, int]] = set()

    def step(self) -> bool:
        """Asks, looks at what came, or awards, as it is time to. Whether the agent is done: see `line`."""
        market, head = self.fabricant.capacity, self.fabricant.network.head()
        now, since = head.timestamp, self.fabricant.deployment.first_block
        if not market.requests(id_=self.request_id, since=since):
            return self._publish(now)
        if now < self._request.quote_by:
            self._look(now)
            return False
        return self._award(now)

    # Asking

    def _prepared(self) -> tuple[Request, RequestId]:
        """The request of the rules, with salts that are drawn once."""
        file = self._journal.folder / _SALTS
        if not file.exists():
            salts = {"salt": secrets.token_hex(32), "orderSalt": secrets.token_hex(32)}
            request = self._asking(salts)
            id_ = self.fabricant.capacity.request_id(request)
            request.check(at=self.fabricant.network.head().timestamp)
            write_whole(file, json.dumps({**salts, "request": id_.hex()}).encode())
        try:
            found = json.loads(file.read_bytes())
            request, named = self._asking(found), found["request"]
        except (ValueError, KeyError, TypeError):
            raise InvalidInput(f"{file} was altered; put it back, or take rules of another name") from None
        id_ = self.fabricant.capacity.request_id(request)
        if id_.hex() != named:
            raise InvalidInput(
                "the rules ask for something else than the request that they led to; put them back as they "
                "were, or give them another name for a request of their own"
            )
        return request, id_

    def _asking(self, salts: Mapping[str, str]) -> Request:
        rules, salt = self.rules, int(salts["salt"], 16)
        tender = rules.tender(self._token)
        number = rules.order_number
        parties = [
            ZERO_ADDRESS if who is None else parse_address(who)
            for who in (rules.inspector, rules.arbiter, rules.broker)
        ]
        return Request(
            buyer=self.buyer,
            process=process_code(rules.process),
            token=self._token.address,
            budget=self._limit if rules.show_limit else NOTHING,
            machine_hours=rules.machine_hours,
            from_hour=parse_hour(rules.begin),
            until_hour=parse_hour(rules.end),
            assets=rules.assets,
            quote_by=parse_time(rules.quote_by),
            due_by=parse_time(rules.due_by),
            inspector=parties[0],
            arbiter=parties[1],
            broker=parties[2],
            conditions=self._conditions.id,
            documents=tender.hash,
            order_ref=order_ref(number, salt=parse_hash(f"0x{salts['orderSalt']}")) if number else NO_HASH,
            sealing_key=sealing_key(self._wallet, salt) if rules.sealed else NO_HASH,
            salt=salt,
            uri=tender.data_uri,
            reply_to=rules.reply_to,
        )

    def _publish(self, now: UnixSeconds) -> bool:
        name = self._name
        if now >= self._request.quote_by:
            self._journal.note(now, "over", name, "its time was over before it was published")
            return True
        if self._is_on_its_way():
            self._journal.note(now, "waiting", name, "a transaction of the wallet is not mined yet")
            return False
        try:
            done = self.fabricant.capacity.request(self._request)
        except TransactionError as failed:
            self._journal.note(now, "waiting", name, str(failed))
            return False
        until = format_time(self._request.quote_by)
        self._journal.note(
            now, "published", name, f"quotations come until {until}", transaction=done.receipt.transaction
        )
        return False

    # Collecting

    def _look(self, now: UnixSeconds) -> None:
        """Tells of each quotation, as it comes, whether it counts."""
        for file in self._files():
            stat = file.stat()
            seen = (file.name, stat.st_mtime_ns, stat.st_size)
            if seen not in self._looked:
                self._looked.add(seen)
                self._judged(file, now)

    def _files(self) -> list[Path]:
        """What lies in the inbox and could be a quotation."""
        if not self._inbox.is_dir():
            return []
        found = (each for each in self._inbox.iterdir() if each.suffix in (".json", ".sealed"))
        whole = (each for each in found if each.is_file() and not each.is_symlink())
        return sorted(whole, key=lambda each: each.name)[:MOST_FILES]

    def _judged(self, file: Path, now: UnixSeconds) -> QuotationReport | None:
        """A quotation that counts, None for anything else. Notes which, and why."""
        about = f"file {printable(file.name)}"
        try:
            raw = _bounded(file)
            signed = read_answer(self.fabricant, raw, opener=lambda: self._wallet)
        except (InvalidInput, VerificationFailed, NotFound, WrongChain, OSError) as wrong:
            self._journal.note(now, "ignored", about, str(wrong))
            return None
        report = examine(self.fabricant, signed)
        if reasons := [*self._objections(report)]:
            self._journal.note(now, "ignored", about, "; ".join(reasons))
            return None
        self._journal.note(now, "counts", about, self._words(report), **_measures(report))
        return report

    def _objections(self, report: QuotationReport) -> Iterator[str]:
        """Why a quotation can't get the award, whatever the others are."""
        quotation, booking = report.signed.quotation, report.signed.booking
        supplier = quotation.terms.supplier
        if quotation.request_id != self.request_id:
            yield "it answers another request"
            return
        if quotation.terms.amount > self._limit:
            yield f"{self._token.format(quotation.terms.amount)} is above the limit"
        if self._allowed and supplier not in self._allowed:
            yield f"{supplier} is none of the suppliers in the rules"
        has = self._known.get(supplier, frozenset()) | self._known.get(booking.machine, frozenset())
        if missing := sorted(frozenset(self.rules.requires) - has):
            yield f"{supplier} is not known to have {', '.join(map(printable, missing))}"
        yield from map(str, report.problems)
        yield from report.departures or ()

    def _words(self, report: QuotationReport) -> str:
        terms = report.signed.quotation.terms
        return f"{self._token.format(terms.amount)}, due {format_time(terms.due_by)}, by {terms.supplier}"

    # Awarding

    def _award(self, now: UnixSeconds) -> bool:
        if self._is_on_its_way():  # asked first: what is mined from here on, the next question sees
            self._journal.note(now, "waiting", self._name, "a transaction of the wallet is not mined yet")
            return False
        if (line := self._opened()) is not None:
            self.line = line
            if self._journal.last(self._name) != "awarded":
                self._journal.note(now, "awarded", self._name, f"line 0x{line.hex()}")
            return True
        chosen = self._chosen() or self._choose(now)
        if chosen is None:
            return True
        report = examine(self.fabricant, chosen)
        if reasons := [*self._objections(report)]:
            self._set_aside(report, now, "; ".join(reasons))
            return False
        return self._pay(report, now)

    def _opened(self) -> LineId | None:
        """The line that this request led to, whoever awarded it for the buyer."""
        escrow, since = self.fabricant.escrow, self.fabricant.deployment.first_block
        if (chosen := self._chosen()) is not None:
            line = escrow.line_id(chosen.quotation.terms)
            if escrow.line_of(line).status is not Status.NONE:
                return line
        for _, event in self.fabricant.capacity.awards(self.request_id, since=since):
            if escrow.terms_of(event.id, since=since).buyer == self.buyer:
                return event.id
        return None

    def _choose(self, now: UnixSeconds) -> SignedQuotation | None:
        """Ranks what counts, and writes down which one is to get the award; None if none is."""
        found = [report for file in self._files() if (report := self._judged(file, now)) is not None]
        left = {each.id: each for each in found if self._journal.last(_about(each)) != _SET_ASIDE}
        failed = self._journal.count(_SET_ASIDE)
        if failed >= self.rules.most_attempts:
            self._give_up(now, f"{failed} awards failed")
            return None
        if not left or (not failed and len(left) < self.rules.least_quotations):
            self._give_up(now, f"quotations that count: {len(left)}")
            return None
        ranked = rank(left.values(), self.rules.tender(self._token).award)
        order = (f"{place}. {self._words(each)}" for place, each in enumerate(ranked, start=1))
        self._journal.note(now, "ranked", self._name, "; ".join(order), order=[*map(_measures, ranked)])
        write_whole(self._award_file, as_file(self.fabricant, ranked[0].signed).serialise())
        return ranked[0].signed

    def _chosen(self) -> SignedQuotation | None:
        """The quotation that is to get the award. Raises InvalidInput if its file was altered."""
        if not self._award_file.exists():
            return None
        try:
            raw = self._award_file.read_bytes()
            return read_answer(self.fabricant, raw, opener=lambda: self._wallet)
        except (InvalidInput, VerificationFailed) as wrong:
            wrong.args = (f"{self._award_file}: {wrong}",)
            raise

    def _pay(self, report: QuotationReport, now: UnixSeconds) -> bool:
        signed, market = report.signed, self.fabricant.capacity
        terms = signed.quotation.terms
        try:
            payment = payment_of(self.fabricant, terms.token, terms.amount, payer=self.buyer)
            if payment.allowance:
                token = self.fabricant.token(terms.token)
                allowed = token.approve(self.fabricant.escrow.address, payment.allowance)
                price, sent = self._token.format(payment.allowance), allowed.receipt.transaction
                said = f"the escrow may take {price}"
                self._journal.note(now, "allowed", _about(report), said, transaction=sent)
            done = market.award(signed.quotation, signed.consent, signed.booking, value=payment.value)
        except (ContractError, TransactionFailed) as refusal:
            self._set_aside(report, now, str(refusal))
            return False
        except (TransactionError, InvalidInput) as failed:  # no money, or no allowance from its principal
            self._journal.note(now, "waiting", self._name, str(failed))
            return False
        self.line = done.event.id
        said, sent = f"line 0x{self.line.hex()}: {self._words(report)}", done.receipt.transaction
        self._journal.note(now, "awarded", self._name, said, transaction=sent, **_measures(report))
        return True

    def _set_aside(self, report: QuotationReport, now: UnixSeconds, why: str) -> None:
        """Never tries this quotation again, so that another one may be chosen."""
        self._journal.note(now, _SET_ASIDE, _about(report), why)
        self._award_file.unlink()

    def _give_up(self, now: UnixSeconds, why: str) -> None:
        self._journal.note(now, "over", self._name, f"{why}; nothing is awarded")

    def _is_on_its_way(self) -> bool:
        """Whether a transaction of the wallet is not mined yet, maybe one from before a kill."""
        network, account = self.fabricant.network, self._wallet.address
        return network.nonce(account, at="pending") > network.nonce(account)

    @property
    def _name(self) -> str:
        return f"request 0x{self.request_id.hex()}"

    @property
    def _award_file(self) -> Path:
        return self._journal.folder / _CHOSEN


def _about(report: QuotationReport) -> str:
    return f"quotation 0x{report.id.hex()}"


def _measures(report: QuotationReport) -> dict[str, object]:
    """What a quotation is ranked by, for programs."""
    terms = report.signed.quotation.terms
    id_, price = f"0x{report.id.hex()}", str(terms.amount)
    return {"quotation": id_, "supplier": terms.supplier, "price": price, "dueBy": terms.due_by}


def _bounded(file: Path) -> bytes:
    with file.open("rb") as source:
        raw = source.read(LARGEST_SEALED + 1)
    if len(raw) > LARGEST_SEALED:
        raise InvalidInput("it is too large for a quotation")
    return raw
