"""Pedigrees of packs as the chain tells them: the batch, who had which case, and what was sold.

The run and the labels are files, which the reader brings and whose hashes are checked here. One question for
each case, however many packs there are. What the chain does not prove is that the node left nothing out.
"""

from eth_utils.crypto import keccak

from fabricant.chain.assets import RecordAdded, Transfer
from fabricant.chain.client import Done
from fabricant.chain.fabricant import Fabricant
from fabricant.chain.lookup import time_of
from fabricant.domain.assets import asset_id
from fabricant.domain.batches import Run, leaf_of_unit
from fabricant.domain.pedigree import DISPENSED, Custody, Documents, Label, Pedigrees, Sale, Unlabelled
from fabricant.domain.units import Address
from fabricant.errors import InvalidInput, VerificationFailed


def dispense(fabricant: Fabricant, run: Run, serial: str, *, case: str) -> Done[RecordAdded]:
    """Says that a pack was sold out of its case. Whoever may record about the case; sends a transaction.

    Check the pack first: this does not. Raises InvalidInput for an unknown serial, AssetRegistry_NoRecorder.
    """
    leaf = leaf_of_unit(run.unit(serial))
    return fabricant.assets.record(asset_id(run.namespace, case), topic=DISPENSED, hash_=leaf, uri="")


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
    recalled = any(not each.lifted for each in fabricant.genealogy.recalls_of(run.batch.id))
    return Pedigrees(run, recalled, labels, custody)


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
    holders, sales = list[Address](), dict[bytes, Sale]()
    asset, since = asset_id(run.namespace, case), fabricant.deployment.first_block
    in_transit = {fabricant.assets.address, fabricant.escrow.address}  # on a pallet, or on sale
    for log, event in fabricant.assets.history_of(asset, since=since):
        if isinstance(event, Transfer):
            if event.to not in in_transit:
                holders.append(event.to)
        elif isinstance(event, RecordAdded) and event.topic == DISPENSED:
            sales.setdefault(event.hash, Sale(event.author, time_of(fabricant, log)))
    return Custody(tuple(holders), sales)
