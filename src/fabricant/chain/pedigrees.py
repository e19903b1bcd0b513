"""Pedigrees of packs as the chain tells them: the batch, who had which case, and what was sold.

The run and the labels are files, which the reader brings and whose hashes are checked here. The questions
grow with the cases, not with the packs in them. What the chain does not prove is that the node left nothing
out.
"""

from collections import defaultdict

from eth_utils.crypto import keccak

from fabricant.chain.assets import RecordAdded, Transfer
from fabricant.chain.client import Done
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.lookup import time_of
from fabricant.chain.pledge import pledge_address
from fabricant.domain.assets import AssetId, asset_id
from fabricant.domain.batches import BatchId, Run, leaf_of_unit
from fabricant.domain.pedigree import DISPENSED, Custody, Documents, Label, Pedigrees, Sale, Unlabelled
from fabricant.domain.units import Address
from fabricant.errors import InvalidInput, VerificationFailed


def dispense(fabricant: Fabricant, pedigrees: Pedigrees, serial: str) -> Done[RecordAdded]:
    """Says that a pack was sold out of its case. The pharmacy that has the case; sends a transaction.

    Check the pack first: this does not. Raises as `sale_of`, AssetRegistry_NoRecorder.
    """
    case, leaf = sale_of(pedigrees, serial)
    return fabricant.assets.record(case, topic=DISPENSED, hash_=leaf)


def sale_of(pedigrees: Pedigrees, serial: str) -> tuple[AssetId, bytes]:
    """About which case, and with which hash, it is recorded that a pack was sold. Sends nothing.

    Raises InvalidInput for an unknown serial, VerificationFailed for a pack without its label.
    """
    run = pedigrees.run
    pack = run.unit(serial)
    label = pedigrees.labels[pack.twin]
    if isinstance(label, Unlabelled):
        raise VerificationFailed(str(label))
    return asset_id(run.namespace, label.case), leaf_of_unit(pack)


def read_pedigrees(fabricant: Fabricant, run: Run, documents: Documents) -> Pedigrees:
    """What is known of all packs of a run now. Sends nothing.

    Raises VerificationFailed for a run that nobody committed.
    """
    if not fabricant.assets.progress_of(run.batch.id).committed_at:
        raise VerificationFailed("nobody committed this run; get its file from the maker of the packs")
    labels = {pack.twin: _label(pack.twin, pack.uri, documents) for pack in run.units}
    cases = {label.case for label in labels.values() if isinstance(label, Label)}
    custody = {case: _custody(fabricant, run, case) for case in sorted(cases)}
    for twin, label in labels.items():
        if isinstance(label, Label) and not custody[label.case].holders:
            labels[twin] = Unlabelled("its case is no asset of its maker's")
    return Pedigrees(run, _recalled(fabricant, run.batch.id), labels, custody, _apart(fabricant, run))


def _label(twin: bytes, uri: str, documents: Documents) -> Label | Unlabelled:
    if (data := documents(uri)) is None:
        return Unlabelled("there is no document; ask its maker")
    if keccak(data) != twin:
        return Unlabelled("the document is not the one that it commits to")
    try:
        return Label.parse(data)
    except InvalidInput as wrong:
        return Unlabelled(str(wrong))


def _custody(fabricant: Fabricant, run: Run, case: str) -> Custody:
    holders, sales = list[Address](), defaultdict[bytes, list[Sale]](list)
    asset, since = asset_id(run.namespace, case), fabricant.deployment.first_block
    keepers = _keepers(fabricant)
    for log, event in fabricant.assets.history_of(asset, since=since):
        if isinstance(event, Transfer):
            if event.to not in keepers:
                holders.append(event.to)
        elif isinstance(event, RecordAdded) and event.topic == DISPENSED and event.author == holders[-1]:
            sales[event.hash].append(Sale(event.author, time_of(fabricant, log)))
    return Custody(tuple(holders), dict(sales), _recalled(fabricant, asset))


def _apart(fabricant: Fabricant, run: Run) -> dict[bytes, Address]:
    """Anybody may make a pack its own token, for its maker; only then does its holder say something."""
    serialised = fabricant.assets.units_serialised(batch=run.batch.id, since=fabricant.deployment.first_block)
    tokens = {event.id for _, event in serialised}
    holders = dict[bytes, Address]()
    for pack in run.units:
        token = asset_id(run.namespace, pack.local_id)
        if token not in tokens:
            continue
        holder = fabricant.assets.owner_of(token)
        if holder != pack.owner and holder not in _keepers(fabricant):
            holders[leaf_of_unit(pack)] = holder
    return holders


def _keepers(fabricant: Fabricant) -> set[Address]:
    """Contracts that keep an asset for its owner: on a pallet, on sale, pledged."""
    pledge = pledge_address(fabricant.deployment.assets)
    return {fabricant.assets.address, fabricant.escrow.address, pledge}


def _recalled(fabricant: Fabricant, what: AssetId | BatchId) -> bool:
    return any(not each.lifted for each in fabricant.genealogy.recalls_of(what))
