"""Profiles, operators and signed grants on the command line."""

import json
from pathlib import Path

from tests.python.cli.market import Market

GRANT = (
    "directory",
    "grant",
    "sign",
    "market",
    "--roles",
    "OPEN",
    "--until",
    "forever",
    "--out",
    "grant.json",
)


def test_roles_are_explained_without_a_chain(market: Market) -> None:
    told = market.text("directory", "roles")

    assert all(role in told for role in ("OPEN", "CHANGE", "QUALITY", "FINANCE", "RECORD", "ASSETS"))
    assert "it moves no money" in told


def test_profile_is_published_and_shown(market: Market) -> None:
    card = "https://example.com/card.vcf"
    market.do("directory", "profile", "set", "--card", "https://old.example.com", by="supplier")
    market.do("directory", "profile", "set", "--card", card, "--key", f"0x{'ab' * 32}", by="supplier")

    shown = market.see("directory", "profile", "show", "supplier")

    assert (shown["uri"], shown["encryptionKey"]) == (card, f"0x{'ab' * 32}")


def test_profile_that_nobody_set_is_not_found(market: Market) -> None:
    refusal = market.refused("directory", "profile", "show", "buyer", by="buyer", yes=False)

    assert (refusal.code, refusal.error) == (6, "NotFound")


def test_f120_profile_text_of_a_stranger_is_shown_safely(market: Market) -> None:
    market.do("directory", "profile", "set", "--card", "\x1b[31mhttps://x\u202e", by="stranger")

    told = market.text("directory", "profile", "show", "stranger")

    assert "\x1b" not in told
    assert "\\x1b[31mhttps://x\\u202e" in told


def test_operator_is_set_shown_listed_and_revoked(market: Market) -> None:
    set_ = ("directory", "operator", "set", "inspector", "--roles", "QUALITY, CHANGE")
    market.do(*set_, "--until", "2027-06-30T00:00Z", by="buyer")

    shown = market.see("directory", "operator", "show", "inspector", "--principal", "buyer")
    assert (shown["roles"], shown["live"]) == (["change", "quality"], True)
    (listed,) = market.see("directory", "operator", "list", by="buyer")
    assert listed["operator"] == market.people["inspector"]

    market.do("directory", "operator", "revoke", "inspector", by="buyer")
    assert market.see("directory", "operator", "list", by="buyer") == []
    assert not market.see("directory", "operator", "show", "inspector", by="buyer")["live"]


def test_unknown_role_and_time_without_offset_are_usage_errors(market: Market) -> None:
    for roles, until in (("OPEN,BOSS", "forever"), ("OPEN", "2027-06-30 00:00")):
        set_ = ("directory", "operator", "set", "market", "--roles", roles, "--until", until)
        assert market.run is not None
        assert market.run("--wallet", "buyer", *set_, "--yes").exit_code == 2


def test_f118_nothing_is_sent_before_it_was_shown_and_agreed(market: Market) -> None:
    assert market.run is not None
    set_ = ("directory", "operator", "set", "market", "--roles", "OPEN", "--until", "forever")

    result = market.run("--wallet", "buyer", *set_)  # nobody answers

    assert result.exit_code == 2
    assert "spending the principal's allowance" in result.stderr
    assert "nothing was signed or sent" in result.stderr
    assert market.see("directory", "operator", "list", by="buyer") == []


def test_signed_grant_is_sent_by_somebody_else_once(market: Market) -> None:
    market.do(*GRANT, by="buyer")

    sent = market.do("directory", "grant", "send", "grant.json", by="stranger")

    assert (sent["principal"], sent["roles"]) == (market.people["buyer"], ["open"])
    again = market.refused("directory", "grant", "send", "grant.json", by="stranger")
    assert (again.code, again.error) == (3, "Directory_StaleVersion")


def test_f036_altered_grant_is_refused(market: Market) -> None:
    market.do(*GRANT, by="buyer")
    grant = Path("grant.json")
    grant.write_text(grant.read_text().replace('"roles": "1"', '"roles": "3"'))

    refusal = market.refused("directory", "grant", "send", "grant.json", by="stranger")

    assert (refusal.code, refusal.error) == (6, "VerificationFailed")


def test_grant_that_expired_is_refused(market: Market) -> None:
    market.do(*GRANT, by="buyer")
    market.wait_until("2027-01-12T09:00Z")

    refusal = market.refused("directory", "grant", "send", "grant.json", by="stranger")

    assert (refusal.code, refusal.error) == (3, "Directory_Expired")


def test_grant_for_another_chain_is_refused(market: Market) -> None:
    market.do(*GRANT, by="buyer")
    document = json.loads(Path("grant.json").read_text())
    document["domain"]["chainId"] = "1"
    Path("grant.json").write_text(json.dumps(document))

    refusal = market.refused("directory", "grant", "send", "grant.json", by="stranger")

    assert refusal.code == 6  # the id is not that of this content any more


def test_signed_file_is_never_overwritten(market: Market) -> None:
    market.do(*GRANT, by="buyer")
    before = Path("grant.json").read_bytes()

    refusal = market.refused(*GRANT, by="buyer")

    assert refusal.error == "InvalidInput"
    assert Path("grant.json").read_bytes() == before
