"""Logbooks read from a chain: who wrote by which right, and where a part was."""

from dataclasses import replace

import pytest

from fabricant.chain.assets import AssetRegistry, RecordAdded
from fabricant.chain.errors import AssetRegistry_NoRecorder
from fabricant.chain.genealogy import Assembled, Genealogy
from fabricant.chain.logbooks import read_logbook, read_service_life, write_entry
from fabricant.chain.wallet import dev_wallets
from fabricant.domain.assets import AssetId, asset_id, namespace_of_prefix
from fabricant.domain.directory import Role
from fabricant.domain.logbook import (
    TOPIC,
    Content,
    DocumentAltered,
    DocumentMalformed,
    DocumentMissing,
    Meter,
    Reading,
    Right,
)
from fabricant.domain.units import UnixSeconds
from fabricant.errors import BadAnswer, NotFound
from tests.support.logbooks import CYCLES
from tests.support.workshop import Workshop
from tests.support.world import DAY, World, wallet

WORK = Content(work="inspected")


def write(world: World, role: str, asset: AssetId, content: Content = WORK, **more: bytes) -> RecordAdded:
    """Somebody writes; the document is nowhere."""
    return write_entry(world.as_(role), asset, content, uri="ipfs://entry", **more).event


def rights(world: World, asset: AssetId) -> list[tuple[str, Right]]:
    """Who wrote, and by which right."""
    roles = {wallet(role).address: role for role in ("supplier", "buyer", "device", "inspector", "operator")}
    return [
        (roles[each.author], each.rights)
        for each in read_logbook(world.fabricant, asset, dict[str, bytes]().get).entries
    ]


def test_each_entry_says_by_which_right_it_was_written(world: World) -> None:
    supplier, machine = world.as_("supplier").assets, world.machine
    until = UnixSeconds(world.now + DAY)
    supplier.set_recorder(machine, wallet("inspector").address, until=until)
    binding = supplier.next_binding(machine, wallet("device").address, deadline=until)
    supplier.bind_device(binding, supplier.sign_binding(binding, by=wallet("device")))
    supplier.set_user(machine, wallet("buyer").address, expires=until)
    world.as_("supplier").directory.set_operator(wallet("operator").address, Role.RECORD)

    for role in ("inspector", "device", "buyer", "supplier"):
        write(world, role, machine)
    assert write(world, "operator", machine).by == wallet("operator").address

    own = Right.OWNER | Right.ISSUER
    assert rights(world, machine) == [
        ("inspector", Right.RECORDER),
        ("device", Right.DEVICE),
        ("buyer", Right.USER),
        ("supplier", own),
        ("supplier", own),
    ]


def test_rights_end_with_their_terms_and_with_the_ownership(world: World) -> None:
    supplier, machine = world.as_("supplier").assets, world.machine
    inspector, buyer = wallet("inspector").address, wallet("buyer").address
    supplier.set_recorder(machine, inspector, until=UnixSeconds(world.now + DAY))
    write(world, "inspector", machine)
    supplier.transfer_from(wallet("supplier").address, buyer, machine)
    supplier.record_as_issuer(
        supplier.registration_of(machine).namespace, "B400-0815", topic=TOPIC, hash_=WORK.hash
    )
    for role in ("inspector", "supplier"):
        with pytest.raises(AssetRegistry_NoRecorder):
            write(world, role, machine)
    world.as_("buyer").assets.set_recorder(machine, inspector, until=UnixSeconds(world.now + 9 * DAY))
    write(world, "inspector", machine)

    assert rights(world, machine) == [
        ("inspector", Right.RECORDER),
        ("supplier", Right.ISSUER),
        ("inspector", Right.RECORDER),
    ]


def test_the_owner_of_the_whole_writes_about_its_parts(world: World) -> None:
    shop = Workshop.of(world)
    shop.parts("ENGINE", "ROTOR", "DISC")
    disc = shop.id("DISC")
    shop.assemble("ROTOR", "DISC")
    shop.assemble("ENGINE", "ROTOR")
    world.as_("supplier").assets.transfer_from(shop.owner, wallet("buyer").address, shop.id("ENGINE"))
    write(world, "buyer", disc)
    world.as_("buyer").genealogy.disassemble(shop.id("ENGINE"), [shop.id("ROTOR")])
    world.as_("buyer").genealogy.disassemble(shop.id("ROTOR"), [disc])
    write(world, "buyer", disc)

    assert rights(world, disc) == [("buyer", Right.OWNER)] * 2


def test_the_issuer_of_a_prefix_is_whom_it_was_assigned_to(world: World) -> None:
    prefix, holder = namespace_of_prefix("example.com"), dev_wallets(world.chain)[0]
    world.fabricant.acting(holder).assets.propose_namespace("example.com", wallet("supplier").address)
    supplier, buyer = world.as_("supplier").assets, wallet("buyer").address
    supplier.accept_namespace(prefix)
    part = replace(Workshop.of(world).part("DISC"), owner=buyer)
    supplier.register(prefix, part)
    supplier.record_as_issuer(prefix, "DISC", topic=TOPIC, hash_=WORK.hash)

    assert rights(world, asset_id(prefix, "DISC")) == [("supplier", Right.ISSUER)]


def test_f072_documents_are_checked_against_their_hashes(world: World) -> None:
    content = Content(work="read", reading=Reading(CYCLES, 700))
    said = write(world, "supplier", world.machine, content)
    write(world, "supplier", world.machine, replace(content, work="read again"), corrects=said.hash)
    world.as_("supplier").assets.record(world.machine, topic=b"\x01" * 32, hash_=said.hash)

    def contents(document: bytes | None) -> list[object]:
        documents = {} if document is None else {"ipfs://entry": document}
        return [each.content for each in read_logbook(world.fabricant, world.machine, documents.get).entries]

    first, second = contents(content.serialise())
    assert (first, type(second)) == (content, DocumentAltered)
    assert [type(each) for each in contents(None)] == [DocumentMissing] * 2
    book = read_logbook(world.fabricant, world.machine, dict[str, bytes]().get)
    assert book.corrections == {1: book.entries[1]}
    assert (book.entries[0].hash, book.entries[0].uri) == (said.hash, said.uri)
    assert book.entries[0].when.time == world.now


def test_what_nobody_could_read_is_not_written(world: World) -> None:
    with pytest.raises(DocumentMalformed, match=r"reading\.meter\.unit"):
        write(world, "supplier", world.machine, Content(work="", reading=Reading(Meter("cycles", "?"), 1)))


def test_a_service_life_knows_every_stay(world: World) -> None:
    shop = Workshop.of(world)
    shop.parts("NORTH", "SOUTH", "DISC")
    documents = dict[str, bytes]()

    def read(whole: str, cycles: int) -> None:
        content = Content(work="read", reading=Reading(CYCLES, cycles))
        documents[content.hash.hex()] = content.serialise()
        write_entry(world.as_("supplier"), shop.id(whole), content, uri=content.hash.hex())

    read("NORTH", 100)
    shop.assemble("NORTH", "DISC")
    shop.take_out("NORTH", "DISC")
    read("NORTH", 150)
    read("SOUTH", 1_000)
    shop.assemble("SOUTH", "DISC")
    read("SOUTH", 1_030)

    life = read_service_life(world.fabricant, shop.id("DISC"), documents.get)

    assert [(each.whole, each.until is None) for each in life.stays] == [
        (shop.id("NORTH"), False),
        (shop.id("SOUTH"), True),
    ]
    assert [life.used_in(each, CYCLES) for each in life.stays] == [50, 30]
    assert (life.book.asset, life.book.entries) == (shop.id("DISC"), ())


def test_what_was_never_registered_has_no_logbook(world: World) -> None:
    with pytest.raises(NotFound):
        read_logbook(world.fabricant, AssetId(1), dict[str, bytes]().get)


def test_a_node_that_shows_what_nobody_could_write_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(world, "supplier", world.machine)
    honest = AssetRegistry.history_of
    stranger = wallet("stranger").address

    def forged(self: AssetRegistry, asset: AssetId, **blocks: int) -> list[object]:
        told = honest(self, asset, **blocks)
        return [
            (log, replace(event, author=stranger) if isinstance(event, RecordAdded) else event)
            for log, event in told
        ]

    monkeypatch.setattr(AssetRegistry, "history_of", forged)
    with pytest.raises(BadAnswer, match=f"an entry that {stranger} could not write"):
        read_logbook(world.fabricant, world.machine, dict[str, bytes]().get)


def test_a_node_that_hides_when_a_part_went_in_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Workshop.of(world)
    shop.parts("ENGINE", "DISC")
    shop.assemble("ENGINE", "DISC")
    shop.take_out("ENGINE", "DISC")
    honest = Genealogy.assemblies

    def hiding(self: Genealogy, **asked: int) -> list[object]:
        return [each for each in honest(self, **asked) if not isinstance(each[1], Assembled)]

    monkeypatch.setattr(Genealogy, "assemblies", hiding)
    with pytest.raises(BadAnswer, match="came out of what it never went into"):
        read_service_life(world.fabricant, shop.id("DISC"), dict[str, bytes]().get)


def test_a_node_that_shows_wholes_inside_themselves_makes_nobody_an_owner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Workshop.of(world)
    shop.parts("ENGINE", "DISC")
    shop.assemble("ENGINE", "DISC")
    write(world, "supplier", shop.id("DISC"))
    honest = Genealogy.assemblies

    def circular(self: Genealogy, *, child: AssetId, since: int) -> list[object]:
        told = honest(self, child=shop.id("DISC"), since=since)
        parent = shop.id("ENGINE") if child == shop.id("DISC") else shop.id("DISC")
        return [(log, Assembled(parent=parent, child=child)) for log, _ in told]

    monkeypatch.setattr(Genealogy, "assemblies", circular)
    assert rights(world, shop.id("DISC")) == [("supplier", Right.ISSUER)]
