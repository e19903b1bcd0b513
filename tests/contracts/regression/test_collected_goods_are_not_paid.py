"""A buyer who accepted rejected goods after all could pay for goods that the supplier had just collected.

In Rejected the supplier may collect, and deliver others. A buyer's `accept` without a list ("hand the goods
over later") that came a moment after it paid the whole price for nothing, or for the others. So `accept`
names the goods.
"""

import pytest
from web3.contract import Contract

from tests.support.assets import Kind, Registration, asset_id, namespace_of
from tests.support.chain import Chain
from tests.support.deals import DAY
from tests.support.lines import BUYER, SUPPLIER, Deal, Deals, list_hash


def registered(chain: Chain, assets: Contract, name: str) -> int:
    """A product of the supplier."""
    product = Registration(name, Kind.PRODUCT, SUPPLIER.address)
    chain.send(assets.functions.register(namespace_of(SUPPLIER), product), by=SUPPLIER)
    return asset_id(namespace_of(SUPPLIER), name)


@pytest.fixture
def rejected(chain: Chain, deal: Deals, assets: Contract) -> Deal:
    """A rejected line of one asset, which the supplier collects before anything else happens."""
    line = deal(goods=[registered(chain, assets, "good")]).given("Rejected")
    line.send("collect", line.goods, by=SUPPLIER)
    return line


def test_esc10_f047_collected_goods_are_not_paid(rejected: Deal) -> None:
    for listed in ([], rejected.goods):
        given = list_hash(listed).ljust(32, b"\0")
        with rejected.refuses("SupplierEscrow_WrongAssets", given=given, expected=bytes(32)):
            rejected.accept(assets=listed, at=rejected.inspected + DAY)


def test_esc10_f059_other_goods_are_not_accepted(chain: Chain, rejected: Deal, assets: Contract) -> None:
    """The buyer names what it accepts: a delivery of other goods in between makes its call fail."""
    junk = registered(chain, assets, "junk")
    rejected.deliver(assets=[junk], at=rejected.inspected + DAY)
    expected = list_hash([junk]).ljust(32, b"\0")
    for listed in ([], rejected.goods):
        given = list_hash(listed).ljust(32, b"\0")
        with rejected.refuses("SupplierEscrow_WrongAssets", given=given, expected=expected):
            rejected.accept(assets=listed, at=rejected.inspected + DAY)
    assert rejected.line.status == "Delivered"
    assert assets.functions.ownerOf(junk).call() != BUYER.address
