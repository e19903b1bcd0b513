"""Parts and wholes on the command line."""

import pytest

from tests.python.cli.market import Market


@pytest.fixture
def rotor(market: Market) -> str:
    """A rotor of the supplier's, with the blades BLADE-1 and BLADE-2 beside it."""
    for name in ("BLADE-1", "BLADE-2"):
        market.do("asset", "register", name, "--kind", "component", by="supplier")
    return str(market.do("asset", "register", "ROTOR-1", "--kind", "component", by="supplier")["id"])


def test_parts_follow_their_whole(market: Market, rotor: str) -> None:
    done = market.do("asset", "assemble", "ROTOR-1", "BLADE-1", "BLADE-2", "BLADE-1", by="supplier")
    assert [each["event"] for each in done["events"]] == ["Assembled", "Assembled"]

    market.do("asset", "transfer", "ROTOR-1", "buyer", by="supplier")

    blade = market.see("asset", "show", "BLADE-1", by="supplier")
    assert (blade["partOf"], blade["title"], blade["locked"]) == ([rotor], market.people["buyer"], True)
    shown = market.text("asset", "show", rotor, "--history")
    assert f"parts        {done['events'][0]['child'][:12]}, {done['events'][1]['child'][:12]}" in shown
    assert "Assembled" in shown
    words = market.text("asset", "show", "BLADE-1", by="supplier")
    assert f"part of      {rotor[:12]}" in words
    assert f"title        {market.people['buyer']}" in words
    assert "locked       yes: it can't be transferred" in words


def test_what_is_a_part_already_is_left_as_it_is(market: Market, rotor: str) -> None:
    market.do("asset", "assemble", "ROTOR-1", "BLADE-1", by="supplier")

    more = market.do("asset", "assemble", "ROTOR-1", "BLADE-1", "BLADE-2", by="supplier")
    nothing = market.do("asset", "assemble", "ROTOR-1", "BLADE-1", "BLADE-2", by="supplier")

    assert (len(more["events"]), nothing) == (1, {"transactions": [], "events": []})


def test_a_part_is_taken_out_again(market: Market, rotor: str) -> None:
    market.do("asset", "assemble", "ROTOR-1", "BLADE-1", "BLADE-2", by="supplier")
    refusal = market.refused("asset", "transfer", "BLADE-1", "buyer", by="supplier")
    assert (refusal.code, f"it is part of {rotor}; take it out first" in refusal.message) == (2, True)

    market.do("asset", "disassemble", "ROTOR-1", "BLADE-1", by="supplier")

    market.do("asset", "transfer", "BLADE-1", "buyer", by="supplier")
    assert len(market.see("asset", "show", rotor)["parts"]) == 1


def test_what_does_not_fit_together_is_refused(market: Market, rotor: str) -> None:
    market.do("asset", "transfer", "BLADE-1", "buyer", by="supplier")

    other = market.refused("asset", "assemble", "ROTOR-1", "BLADE-1", by="supplier")
    out = market.refused("asset", "disassemble", "ROTOR-1", "BLADE-2", by="supplier")

    assert (other.code, other.error) == (3, "Genealogy_NotJoinable")
    assert "both need the same owner" in other.message
    assert (out.error, out.code) == ("Genealogy_NotAPart", 3)


def test_it_is_said_and_asked_before_anything_is_sent(market: Market, rotor: str) -> None:
    noted = market.noted("asset", "assemble", "ROTOR-1", "BLADE-1", by="supplier")
    assert f"These become part of {rotor}:" in noted
    assert "Title to them follows it from then on" in noted
    assert "nobody agreed, so nothing was signed or sent" in noted
    assert market.see("asset", "show", rotor)["parts"] == []
