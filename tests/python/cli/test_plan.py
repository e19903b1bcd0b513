"""Planning a job on the command line: found, shown, booked whole; or told what would have to give."""

from pathlib import Path

import pytest

from tests.python.cli.market import UNIT, Market, when

JOB = """
token = "{token}"
{more}
due_by = "2027-01-25T18:00+01:00"
transport_hours = 24

[[operations]]
name = "casting"
process = "DIN 8580 1.1.1"
hours = 8

[[operations]]
name = "machining"
process = "DIN 8580 3.2.2"
hours = 6
{demands}
"""


def job(trade: Market, more: str = "", demands: str = "") -> Path:
    """A job of casting and machining."""
    file = Path("job.toml")
    file.write_text(JOB.format(token=trade.token, more=more, demands=demands))
    return file


@pytest.fixture
def offers(trade: Market) -> Market:
    """A foundry's hours and two offers of machining, the cheaper one later. All are the supplier's."""
    trade.do("asset", "register", "FURNACE", "--kind", "equipment", by="supplier")
    trade.do("asset", "register", "MILL", "--kind", "equipment", by="supplier")
    for machine, process, hourly, begin in (
        ("FURNACE", "1.1.1", "60", "2027-01-05T00:00Z"),
        ("NMW-0417", "3.2.2", "95", "2027-01-05T00:00Z"),
        ("MILL", "3.2.2", "70", "2027-01-12T00:00Z"),
    ):
        offer = trade.offer(
            machine.lower(),
            machine=machine,
            process=f"DIN 8580 {process}",
            hourly=hourly,
            begin=begin,
            delivery_hours=2,
        )
        trade.do("offer", "publish", offer, by="supplier")
    return trade


def test_the_best_plan_is_shown_by_price_by_time_and_between(offers: Market) -> None:
    file = job(offers)
    cheap = offers.see("plan", "show", file, by="buyer")
    soon = offers.see("plan", "show", file, "--by", "time", by="buyer")
    worth = offers.see("plan", "show", file, "--hour-worth", "20", by="buyer")
    assert [int(each["price"]) // UNIT for each in (cheap, soon, worth)] == [1140, 1290, 1290]
    assert when(cheap["arrives"]) == "2027-01-13 08:00"
    assert [step["operation"] for step in cheap["steps"]] == ["casting", "machining"]
    assert cheap["arrives"] > soon["arrives"] == worth["arrives"]
    assert cheap["isBest"]
    begins = [step["hours"][0]["from"] for step in soon["steps"]]
    assert begins[1] == soon["steps"][0]["dueBy"], "nothing is carried within a firm"


def test_people_see_a_table_with_hours_in_their_zone(offers: Market) -> None:
    shown = offers.text("plan", "show", job(offers), "--zone", "Europe/Berlin", by="buyer")
    assert "casting    FURNACE" in shown
    assert "Tue 2027-01-12 01:00 to Tue 2027-01-12 07:00 CET (6 h)" in shown
    assert "All for 1140.00 TUSD, at your place by 2027-01-13 08:00 UTC." in shown


def test_a_plan_is_booked_whole_in_one_transaction(offers: Market) -> None:
    before = offers.has("buyer")
    done = offers.do("plan", "book", job(offers), "--order-number", "PO 4711", by="buyer")
    assert len(done["transactions"]) == 1
    assert before - offers.has("buyer") == 1140 * UNIT
    lines = [offers.see("order", "show", line) for line in done["lines"]]
    assert [line["line"]["status"] for line in lines] == ["open", "open"]
    assert len({line["terms"]["orderRef"] for line in lines}) == 1
    assert done["orderSalt"] is not None
    later = offers.see("plan", "show", job(offers), by="buyer")
    assert later["steps"][0]["hours"][0]["from"] >= done["plan"]["steps"][0]["hours"][0]["until"]


def test_terms_and_conditions_are_shown_before_anything_is_booked(offers: Market) -> None:
    told = offers.noted("plan", "book", job(offers), by="buyer")
    assert "You book 2 lines for 1140.00 TUSD:" in told
    assert told.count("machine-time") == 1
    assert "First the escrow is allowed to take exactly 1140.00 TUSD." in told
    assert "nobody agreed" in told


@pytest.mark.parametrize(
    ("more", "demands", "said"),
    [
        ('budget = "1000"', "", "they cost 1140.00 TUSD, 140.00 TUSD above the budget"),
        ("", 'requires = ["ISO 9001"]', "of offers for machining, 2 in all, none fits: ISO 9001 (2)"),
    ],
)
def test_without_a_plan_it_says_what_would_have_to_give(
    offers: Market, more: str, demands: str, said: str
) -> None:
    refusal = offers.refused("plan", "show", job(offers, more, demands), by="buyer", yes=False)
    assert (refusal.code, refusal.error) == (6, "NoPlan")
    assert said in refusal.message


def test_what_the_buyer_knows_of_suppliers_and_machines_counts(offers: Market) -> None:
    known = f"""
requires = ["ISO 9001", "5 axes"]
[[known]]
who = "{offers.people["supplier"]}"
has = ["ISO 9001"]
[[known]]
who = "{offers.machine}"
has = ["5 axes"]
"""
    found = offers.see("plan", "show", job(offers, demands=known), by="buyer")
    assert found["steps"][1]["machine"] == offers.machine


def test_nothing_is_booked_if_one_of_the_offers_went_meanwhile(offers: Market) -> None:
    """The market refuses the whole chain: see `bookMany`. Here, what is gone is not planned with."""
    offers.do("offer", "cancel", "furnace.json", by="supplier")
    refusal = offers.refused("plan", "book", job(offers), by="buyer")
    assert refusal.message == "there is no such plan: nobody offers the process of casting"


def test_an_example_to_begin_with_is_a_job(offers: Market) -> None:
    written = offers.see("plan", "new", "example.toml")
    refusal = offers.refused("plan", "show", written["file"], by="buyer", yes=False)
    assert (refusal.error, refusal.code) == ("InvalidInput", 2)
    assert refusal.message.endswith("the job would be due before it begins; set a later due date")
    assert offers.refused("plan", "new", "example.toml", by="buyer", yes=False).error == "InvalidInput"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("due_by", "due", "due_by is missing"),
        ("hours = 8", "hours = 0", "operations.0.hours has to be at least 1"),
        ("hours = 8", 'machines = ["0x12"]\nhours = 8', "is no machine's id; write 0x and 64 hex digits"),
        ("hours = 8", 'documents = "drawing"\nhours = 8', "is no hash; write 0x and 64 hex digits"),
        ("hours = 8", "hours = 8\nwhen = 1", "operations.0.when is no field that there is"),
        ("transport_hours = 24", 'budget = "a lot"', "budget: "),
        ("transport_hours = 24", "transport_hours = -1", "transport_hours has to be at least 0"),
        ("transport_hours = 24", "known = [{ who = '0x12', has = [] }]", "known.0.who: "),
    ],
)
def test_a_wrong_field_is_named(trade: Market, old: str, new: str, said: str) -> None:
    file = job(trade)
    file.write_text(file.read_text().replace(old, new, 1))
    refusal = trade.refused("plan", "show", file, by="buyer", yes=False)
    assert (refusal.error, refusal.code) == ("InvalidInput", 2)
    assert said in refusal.message
    assert refusal.message.startswith("job.toml: ")


def test_time_has_no_worth_where_it_is_all_that_counts(trade: Market) -> None:
    refusal = trade.refused(
        "plan", "show", job(trade), "--by", "time", "--hour-worth", "5", by="buyer", yes=False
    )
    assert refusal.code == 2
    assert "say price instead of time" in refusal.message
