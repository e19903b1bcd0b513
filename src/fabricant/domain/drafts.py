"""Drafts: what a person writes before anything is signed.

A draft is a TOML file in people's units: whole tokens, times with their offset, conditions by name. Each
field says in a comment what it means, and a field that can't be read is named. Salts and nonces are chosen
when a draft is made and stay in it, so that a draft means one agreement, however often it is signed.
"""

import json
import re
import secrets
import tomllib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Self

from eth_utils.crypto import keccak
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from fabricant.domain.assets import AssetId
from fabricant.domain.capacity import Offer
from fabricant.domain.escrow import NO_HASH, ConditionsId, Terms, order_ref
from fabricant.domain.outside import first_problem
from fabricant.domain.pledges import PledgeTerms
from fabricant.domain.units import (
    COIN_NAME,
    HOUR,
    ZERO_ADDRESS,
    Address,
    HourIndex,
    Token,
    hour_of,
    parse_address,
    parse_decimal,
    parse_duration,
    parse_time,
    printable,
)
from fabricant.errors import InvalidInput

LARGEST_FILE: Final = 2**16  # bytes
_SALT_BITS: Final = 256
_NONCE_BITS: Final = 63  # what a TOML number holds


def parse_hash(text: str) -> bytes:
    """The 32 bytes that `text` spells; zero for an empty text. Raises InvalidInput for anything else."""
    if not re.fullmatch(r"(0x[0-9a-fA-F]{64})?", text):
        raise InvalidInput(f"{printable(text, 80)!r} is no hash; write 0x and 64 hex digits")
    return bytes.fromhex(text[2:]) or NO_HASH


def parse_token(text: str) -> Address:
    """The address of a token; zero for "coin", the chain's own."""
    return ZERO_ADDRESS if text == COIN_NAME else parse_address(text)


def parse_hour(text: str) -> HourIndex:
    """The hour that begins at a time. Raises InvalidInput for a time that is not on a full hour of UTC."""
    if (time := parse_time(text)) % HOUR:
        raise InvalidInput(f"{text} is not on a full hour of UTC, as the market counts them")
    return hour_of(time)


def _party(text: str) -> Address:
    return parse_address(text) if text else ZERO_ADDRESS


def reads(parse: Callable[[str], object]) -> AfterValidator:
    """That a field's text is one that `parse` reads."""

    def check(text: str) -> str:
        try:
            parse(text)
        except InvalidInput as wrong:
            raise ValueError(str(wrong)) from None
        return text

    return AfterValidator(check)


_Amount = Annotated[str, reads(parse_decimal)]
_Time = Annotated[str, reads(parse_time)]
_Duration = Annotated[str, reads(parse_duration)]
_Hour = Annotated[str, reads(parse_hour)]
_Token = Annotated[str, reads(parse_token)]
_Address = Annotated[str, reads(parse_address)]
_Party = Annotated[str, reads(_party)]
_Hash = Annotated[str, reads(parse_hash)]
_Count = Annotated[int, Field(ge=0)]


class Draft(BaseModel):
    """Fields as people write them, checked one by one. Raises InvalidInput through `parse` and `of`."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The draft with these values, the others as usual. Raises InvalidInput for the first wrong one."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as wrong:
            problem = first_problem(wrong)
        raise InvalidInput(problem)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Reads a TOML file. Raises InvalidInput."""
        if len(raw) > LARGEST_FILE:
            raise InvalidInput("this is larger than any draft; is it the right file?")
        try:
            return cls.of(tomllib.loads(raw.decode()))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise InvalidInput(f"this is no TOML file: {printable(str(wrong))}") from None

    def serialise(self) -> bytes:
        """The draft as a TOML file, each field with what it means."""
        lines = [f"# {(type(self).__doc__ or '').partition(chr(10))[0]}", ""]
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            begin = f"# {name} =" if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}"
            lines.append(f"{begin}  # {field.description}")
        return "\n".join([*lines, ""]).encode()


class OfferDraft(Draft):
    """An offer of machine-hours, to be signed by the supplier."""

    machine: Annotated[str, Field(description="its local id in your own namespace, or its asset id")]
    process: Annotated[str, Field(description="code of the process, such as DIN 8580 3.2.2")] = ""
    token: Annotated[_Token, Field(description="address of the token; coin: the chain's own")] = COIN_NAME
    hourly: Annotated[_Amount, Field(description="price of an hour, in whole tokens")]
    setup: Annotated[_Amount, Field(description="price of a booking's setup, in whole tokens")] = "0"
    last_minute_hourly: Annotated[
        _Amount | None, Field(description="what hours cost when the last one begins now; left out: as hourly")
    ] = None
    decay_hours: Annotated[
        _Count, Field(description="over so many hours before the last one the price falls")
    ] = 0
    begin: Annotated[_Hour, Field(description="the first hour that can be booked")]
    end: Annotated[_Hour, Field(description="the end of the last hour")]
    min_hours: Annotated[_Count, Field(description="of a booking, setup hours not counted")] = 1
    max_span: Annotated[_Count, Field(description="from its first hour to its last, with setup and pauses")]
    total_hours: Annotated[_Count, Field(description="of all bookings, setup included; 0: no limit")] = 0
    setup_hours: Annotated[_Count, Field(description="at the begin of a booking, not priced by the hour")] = 0
    notice_hours: Annotated[_Count, Field(description="between booking and start")] = 0
    delivery_hours: Annotated[_Count, Field(description="goods are due so long after the last hour")]
    max_assets: Annotated[_Count, Field(description="registered products that a booking may ask for")] = 0
    buyer: Annotated[_Party, Field(description="the only one that may book; empty: anyone")] = ""
    inspector: Annotated[_Party, Field(description="alone rejects, and may accept; empty: the buyer")] = ""
    arbiter: Annotated[_Party, Field(description="rules on disputes; empty: nobody")] = ""
    broker: Annotated[_Party, Field(description="gets the commission; empty: nobody")] = ""
    valid_until: Annotated[_Time, Field(description="from then on nobody can book")]
    documents: Annotated[_Hash, Field(description="hash of your contract package; empty: none")] = ""
    conditions: Annotated[str, Field(description="trade conditions, by name or id")]
    nonce: Annotated[_Count, Field(description="offers that share one are cancelled together")] = Field(
        default_factory=lambda: secrets.randbits(_NONCE_BITS)
    )

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if parse_hour(self.begin) >= parse_hour(self.end):
            raise ValueError(f"begin ({self.begin}) has to be before end ({self.end}); swap or correct them")
        return self

    def offer(
        self, *, supplier: Address, machine: AssetId, token: Token, conditions: ConditionsId, epoch: int
    ) -> Offer:
        """The offer that the draft means. Raises InvalidInput for an amount that the token can't have."""
        hourly = token.parse(self.hourly)
        last_minute = self.last_minute_hourly
        return Offer(
            supplier=supplier,
            machine=machine,
            process=process_code(self.process),
            token=token.address,
            hourly=hourly,
            setup=token.parse(self.setup),
            last_minute_hourly=hourly if last_minute is None else token.parse(last_minute),
            decay_hours=self.decay_hours,
            from_hour=parse_hour(self.begin),
            until_hour=parse_hour(self.end),
            min_hours=self.min_hours,
            max_span=self.max_span,
            total_hours=self.total_hours,
            setup_hours=self.setup_hours,
            notice_hours=self.notice_hours,
            delivery_hours=self.delivery_hours,
            max_assets=self.max_assets,
            buyer=_party(self.buyer),
            inspector=_party(self.inspector),
            arbiter=_party(self.arbiter),
            broker=_party(self.broker),
            valid_until=parse_time(self.valid_until),
            nonce=self.nonce,
            epoch=epoch,
            documents=parse_hash(self.documents),
            conditions=conditions,
        )


class TermsDraft(Draft):
    """One line of a purchase order, for both to sign. Keep this file: it proves the order's number."""

    buyer: Annotated[_Address, Field(description="who orders and pays")]
    supplier: Annotated[_Address, Field(description="who delivers")]
    inspector: Annotated[_Party, Field(description="alone rejects, and may accept; empty: the buyer")] = ""
    arbiter: Annotated[_Party, Field(description="rules on disputes; empty: nobody")] = ""
    broker: Annotated[_Party, Field(description="gets the commission; empty: nobody")] = ""
    token: Annotated[_Token, Field(description="address of the token; coin: the chain's own")] = COIN_NAME
    amount: Annotated[_Amount, Field(description="the price of the line, in whole tokens")]
    open_by: Annotated[_Time, Field(description="it must be opened before")]
    due_by: Annotated[_Time, Field(description="exactly then is in time")]
    assets: Annotated[_Count, Field(description="how many registered products are handed over")] = 0
    goods: Annotated[list[str], Field(description="their asset ids, if exactly these are ordered")] = []
    documents: Annotated[_Hash, Field(description="hash of the contract package; empty: none")] = ""
    order_number: Annotated[str, Field(description="your purchase order; only its salted hash is signed")] = (
        ""
    )
    order_salt: Annotated[_Hash, Field(description="salt of that hash")] = Field(
        default_factory=lambda: f"0x{secrets.token_hex(32)}"
    )
    conditions: Annotated[str, Field(description="trade conditions, by name or id")]
    salt: Annotated[
        str, Field(description="makes this line different from all others", pattern="^[0-9]+$")
    ] = Field(default_factory=lambda: str(secrets.randbits(_SALT_BITS)))

    def terms(self, *, token: Token, deliverables: bytes, conditions: ConditionsId) -> Terms:
        """The terms that the draft means. `deliverables`: what `deliverables_of` makes of its goods.

        Raises InvalidInput for an amount that the token can't have.
        """
        number, salt = self.order_number, parse_hash(self.order_salt)
        return Terms(
            buyer=_party(self.buyer),
            supplier=_party(self.supplier),
            inspector=_party(self.inspector),
            arbiter=_party(self.arbiter),
            broker=_party(self.broker),
            token=token.address,
            amount=token.parse(self.amount),
            open_by=parse_time(self.open_by),
            due_by=parse_time(self.due_by),
            assets=self.assets or len(self.goods),
            deliverables=deliverables,
            documents=parse_hash(self.documents),
            order_ref=order_ref(number, salt=salt) if number else NO_HASH,
            conditions=conditions,
            salt=int(self.salt),
        )


class PledgeDraft(Draft):
    """An asset that secures a debt, for pledger and lender to sign."""

    pledger: Annotated[_Address, Field(description="who owns the asset, and goes on using it")]
    lender: Annotated[_Address, Field(description="who gets the asset if nobody redeems it")]
    asset: Annotated[str, Field(description="its local id in the pledger's own namespace, or its asset id")]
    token: Annotated[_Address, Field(description="address of the ERC-20 token")]
    advance: Annotated[
        _Amount, Field(description="what the lender pays with the pledge, in whole tokens")
    ] = "0"
    amount: Annotated[_Amount, Field(description="what redeems it, in whole tokens")]
    open_by: Annotated[_Time, Field(description="it must be pledged before")]
    due_by: Annotated[_Time, Field(description="from then the lender may declare default")]
    cure: Annotated[_Duration, Field(description="between that and the foreclosure, such as 30 days")]
    documents: Annotated[_Hash, Field(description="hash of the contract that it secures; empty: none")] = ""
    salt: Annotated[
        str, Field(description="makes this pledge different from all others", pattern="^[0-9]+$")
    ] = Field(default_factory=lambda: str(secrets.randbits(_SALT_BITS)))

    def terms(self, *, asset: AssetId, quantity: int, token: Token) -> PledgeTerms:
        """The terms that the draft means. Raises InvalidInput for an amount that the token can't have."""
        return PledgeTerms(
            pledger=parse_address(self.pledger),
            lender=parse_address(self.lender),
            asset=asset,
            quantity=quantity,
            token=token.address,
            advance=token.parse(self.advance),
            amount=token.parse(self.amount),
            open_by=parse_time(self.open_by),
            due_by=parse_time(self.due_by),
            cure=parse_duration(self.cure),
            documents=parse_hash(self.documents),
            salt=int(self.salt),
        )


def process_code(code: str) -> bytes:
    """How an offer names the code of a process; zero for none."""
    return keccak(text=code) if code else NO_HASH
