"""Trade conditions on the command line: always in words."""

from pathlib import Path

from click.testing import CliRunner

from fabricant.cli import main
from fabricant.conditions import library, load
from tests.python.cli.conftest import Run
from tests.python.cli.market import Market


def test_list_needs_no_chain(run: Run) -> None:
    result = run("conditions", "list")

    assert result.exit_code == 0
    assert all(each.name in result.stdout for each in library())
    assert "no local chain is running" in result.stderr


def test_list_says_what_is_published(market: Market) -> None:
    market.do("conditions", "publish", "tooling", by="stranger")

    published = {each["name"]: each["published"] for each in market.see("conditions", "list")}

    assert published == {each.name: each.name == "tooling" for each in library()}


def test_show_says_every_sentence(market: Market) -> None:
    told = market.text("conditions", "show", "repair")

    assert all(sentence in told for sentence in load("repair").sentences)


def test_show_by_the_beginning_of_the_id(market: Market) -> None:
    beginning = f"0x{load('repair').id.hex()[:8]}"

    assert market.see("conditions", "show", beginning)["name"] == "repair"


def test_unknown_conditions_are_not_found(market: Market) -> None:
    for which, code in (("handshake", 6), ("0x12345678", 6), ("0x1234", 2), ("nothing.toml", 2)):
        assert market.refused("conditions", "show", which, by="buyer", yes=False).code == code


def test_publishing_again_says_so_and_sends_nothing(market: Market) -> None:
    first = market.do("conditions", "publish", "tooling", by="supplier")
    again = market.do("conditions", "publish", "tooling", by="supplier")

    assert first["transaction"] is not None
    assert (again["transaction"], again["id"]) == (None, first["id"])


def test_new_writes_a_file_that_is_shown_and_published(market: Market) -> None:
    options = ("--based-on", "tooling", "--title", "Ours", "--inspection", "10 days", "--max-rejections", 3)
    made = market.see("conditions", "new", "ours.toml", *options)

    assert "The buyer has 10 days after arrival to inspect." in " ".join(made["words"])
    published = market.do("conditions", "publish", "ours.toml", by="supplier")
    assert published["id"] == made["id"]
    assert "Conditions of their own" in market.text("conditions", "list")
    assert market.see("conditions", "show", made["id"])["words"] == made["words"]


def test_new_asks_for_what_no_option_states(market: Market) -> None:
    answers = "\n".join(["5 %"] + [""] * 30)
    new = ["conditions", "new", "asked.toml", "--ask", "--bond-bps", "15 %"]

    result = CliRunner().invoke(main, new, input=answers)

    assert result.exit_code == 0, result.output
    written = Path("asked.toml").read_text()
    assert 'advance_bps = "5 %"' in written
    assert 'bond_bps = "15 %"' in written


def test_new_names_what_is_wrong(market: Market) -> None:
    for option, value, named in (
        ("--inspection", "ten days", "inspection"),
        ("--late-bps", "150 %", "late_bps"),
        ("--cure", "10 minutes", "cure"),
    ):
        refusal = market.refused("conditions", "new", "ours.toml", option, value, by="buyer", yes=False)
        assert refusal.code == 2
        assert named in refusal.message
    assert not Path("ours.toml").exists()
