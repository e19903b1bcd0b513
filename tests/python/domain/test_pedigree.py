"""A pack is refused for what is wrong with it, and for nothing else."""

from dataclasses import replace

import pytest

from fabricant.domain.assets import Kind, Registration, namespace_of
from fabricant.domain.batches import Run, leaf_of_unit
from fabricant.domain.pedigree import (
    FORMAT,
    LARGEST_LABEL,
    ClonedSerial,
    Custody,
    Expired,
    Finding,
    Label,
    Licences,
    NotGenuine,
    Pedigrees,
    Recalled,
    Sale,
    SkippedWholesaler,
    UnknownSerial,
    Unlabelled,
    Unlicensed,
    UnlicensedMaker,
)
from fabricant.domain.units import UnixSeconds
from fabricant.errors import InvalidInput
from tests.support.actors import Actor

MAKER, WHOLE, OTHER, CASTLE, BRIDGE, STRANGER = (
    Actor(name).address for name in ("maker", "whole", "other", "castle", "bridge", "stranger")
)
LICENCES = Licences(frozenset((namespace_of(MAKER),)), frozenset((WHOLE, OTHER)), frozenset((CASTLE, BRIDGE)))
LABEL = Label(lot="LOT-7", expires=UnixSeconds(1_000), case="CASE-1")
PACK = Registration(local_id="P-1", kind=Kind.PRODUCT, owner=MAKER, twin=LABEL.hash, uri="label")
RUN = Run(namespace_of(MAKER), (PACK, replace(PACK, local_id="P-2")))
GENUINE = Pedigrees(
    RUN,
    recalled=False,
    labels={LABEL.hash: LABEL},
    custody={"CASE-1": Custody((MAKER, WHOLE, CASTLE), {})},
    apart={},
)


def check(
    pedigrees: Pedigrees = GENUINE, serial: str = "P-1", *, by: str = "castle", at: int = 999
) -> tuple[Finding, ...]:
    return pedigrees.check(serial, presented_by=Actor(by).address, at=UnixSeconds(at), licences=LICENCES)


def held_by(*holders: str) -> Pedigrees:
    """The same pack, whose case had these holders."""
    return replace(GENUINE, custody={"CASE-1": Custody(tuple(Actor(each).address for each in holders), {})})


def sold_by(*sales: Sale) -> Pedigrees:
    """The same pack, of which its holders said these."""
    custody = replace(GENUINE.custody["CASE-1"], sales={leaf_of_unit(PACK): sales})
    return replace(GENUINE, custody={"CASE-1": custody})


def test_a_genuine_pack_is_not_refused() -> None:
    assert check() == ()
    GENUINE.require_genuine("P-2", presented_by=CASTLE, at=UnixSeconds(0), licences=LICENCES)


@pytest.mark.parametrize("serial", ["P-3", "", "p-1", "P-1 ", "\u202eP-1", "P-" + "1" * 10_000])
def test_a_serial_that_was_never_made_is_unknown(serial: str) -> None:
    assert check(serial=serial) == (UnknownSerial(),)


def test_what_a_stranger_says_is_shown_inert() -> None:
    with pytest.raises(NotGenuine, match="made no pack") as refused:
        GENUINE.require_genuine("\x1b[2J\u202e", presented_by=CASTLE, at=UnixSeconds(0), licences=LICENCES)

    assert "\x1b" not in str(refused.value)
    assert refused.value.findings == (UnknownSerial(),)


def test_a_pack_expires_at_its_instant() -> None:
    assert check(at=1_000) == (Expired(UnixSeconds(1_000)),)


def test_a_recalled_pack_is_refused() -> None:
    assert check(replace(GENUINE, recalled=True)) == (Recalled(),)


def test_a_pack_whose_case_is_elsewhere_is_a_copy() -> None:
    assert check(by="bridge") == (ClonedSerial(CASTLE),)


def test_a_pack_is_sold_once() -> None:
    sale = Sale(CASTLE, UnixSeconds(500))
    sold = sold_by(sale, Sale(BRIDGE, UnixSeconds(600)))

    assert check(sold) == (ClonedSerial(CASTLE, sale),)
    assert check(sold, "P-2") == ()


def test_only_a_pharmacy_sells() -> None:
    sale, bluff = Sale(CASTLE, UnixSeconds(500)), Sale(WHOLE, UnixSeconds(400))

    assert check(sold_by(bluff)) == ()
    assert check(sold_by(bluff, sale)) == (ClonedSerial(CASTLE, sale),)


def test_a_pack_is_where_its_own_token_is() -> None:
    taken_out = replace(GENUINE, apart={leaf_of_unit(PACK): BRIDGE})

    assert check(taken_out) == (ClonedSerial(BRIDGE),)
    assert check(taken_out, by="bridge") == ()
    assert check(taken_out, "P-2") == ()
    assert check(replace(GENUINE, apart={leaf_of_unit(PACK): STRANGER}), by="stranger") == (
        Unlicensed(STRANGER),
    )


def test_a_recalled_case_takes_its_packs_with_it() -> None:
    case = replace(GENUINE.custody["CASE-1"], recalled=True)

    assert check(replace(GENUINE, custody={"CASE-1": case})) == (Recalled(),)


@pytest.mark.parametrize(
    ("holders", "found"),
    [
        (("maker", "castle"), (SkippedWholesaler(CASTLE),)),
        (("castle",), (SkippedWholesaler(CASTLE),)),
        (("maker", "bridge", "whole", "castle"), (SkippedWholesaler(BRIDGE),)),
        (("maker", "stranger", "whole", "castle"), (Unlicensed(STRANGER),)),
        (("maker", "whole", "stranger", "castle"), (Unlicensed(STRANGER),)),
        (("maker", "stranger", "castle"), (Unlicensed(STRANGER), SkippedWholesaler(CASTLE))),
        (("maker", "whole", "maker", "whole", "castle"), ()),
        (("whole", "other", "bridge", "castle"), ()),
    ],
)
def test_a_pack_comes_by_whom_it_should(holders: tuple[str, ...], found: tuple[Finding, ...]) -> None:
    assert check(held_by(*holders)) == found


def test_all_that_is_wrong_is_told() -> None:
    worst = replace(held_by("maker", "stranger"), recalled=True)

    assert check(worst, at=2_000) == (
        Recalled(),
        Expired(UnixSeconds(1_000)),
        ClonedSerial(STRANGER),
        Unlicensed(STRANGER),
    )


def test_a_run_of_a_maker_without_a_licence_is_refused() -> None:
    run = Run(namespace_of(STRANGER), RUN.units)

    assert check(replace(GENUINE, run=run)) == (UnlicensedMaker(),)


def test_a_pack_without_its_label_is_refused() -> None:
    lost = replace(GENUINE, labels={LABEL.hash: Unlabelled("lost")}, custody={})

    assert check(lost) == (Unlabelled("lost"),)
    assert check(replace(lost, recalled=True)) == (Recalled(), Unlabelled("lost"))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Unlabelled("lost"), "its lot, expiry and case are unknown: lost"),
        (Expired(UnixSeconds(0)), "it expired at 1970-01-01 00:00 UTC"),
        (Recalled(), "its maker recalls it"),
        (UnlicensedMaker(), "its maker has no licence"),
        (ClonedSerial(CASTLE), f"the genuine one is with {CASTLE}"),
        (
            ClonedSerial(CASTLE, Sale(BRIDGE, UnixSeconds(0))),
            f"{BRIDGE} sold it at 1970-01-01 00:00 UTC; so this one is another",
        ),
        (Unlicensed(STRANGER), f"it was with {STRANGER}, who has no licence"),
        (SkippedWholesaler(CASTLE), f"it came to {CASTLE} past every wholesaler"),
    ],
)
def test_findings_are_sentences(found: Finding, words: str) -> None:
    assert str(found) == words


def test_a_label_is_read_as_it_was_written() -> None:
    assert Label.parse(LABEL.serialise()) == LABEL
    assert LABEL.serialise() == (
        f'{{"case":"CASE-1","expires":1000,"format":"{FORMAT}","lot":"LOT-7"}}'.encode()
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 1_000,
        b" " * (LARGEST_LABEL + 1),
        LABEL.serialise() + b"\n",
        LABEL.serialise().replace(b"1000", b"1000.0"),
        LABEL.serialise().replace(b"1000", b"-1"),
        LABEL.serialise().replace(b"1000", b'"1000"'),
        LABEL.serialise().replace(b"1000", b"1099511627776"),
        LABEL.serialise().replace(b"LOT-7", b""),
        LABEL.serialise().replace(b"label/1", b"label/2"),
        LABEL.serialise().replace(b'"lot"', b'"price":1,"lot"'),
    ],
)
def test_what_is_no_label_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        Label.parse(data)
