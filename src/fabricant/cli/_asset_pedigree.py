"""`fabricant asset`: label the packs of a case, check packs before they are sold, and say that they were."""

from pathlib import Path
from typing import Annotated

import click
from pydantic import Field

from fabricant.chain import pedigrees
from fabricant.chain.assets import AssetRegistry
from fabricant.cli import _app as app
from fabricant.cli import _files as files
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.cli._asset_logbook import documents_in, documents_option
from fabricant.domain.assets import namespace_of
from fabricant.domain.drafts import Draft, reads
from fabricant.domain.pedigree import DISPENSED, Label, Licences
from fabricant.domain.units import UnixSeconds, parse_address, parse_time, printable
from fabricant.errors import VerificationFailed

TIME = app.Parsed("time", parse_time)
_Firms = Annotated[list[Annotated[str, reads(parse_address)]], Field(default_factory=list)]

licences_option = click.option(
    "--licences",
    type=files.FILE,
    required=True,
    help="Who may trade: a TOML file with lists of addresses: makers, wholesalers, pharmacies.",
)


class LicencesFile(Draft):
    """Who may trade, as its reader knows it from the authorities."""

    makers: _Firms
    wholesalers: _Firms
    pharmacies: _Firms

    def licences(self) -> Licences:
        """What the file says."""
        return Licences(
            makers=frozenset(namespace_of(parse_address(each)) for each in self.makers),
            wholesalers=frozenset(map(parse_address, self.wholesalers)),
            pharmacies=frozenset(map(parse_address, self.pharmacies)),
        )


@click.command("pack-label")
@click.argument("file", type=files.NEW_FILE)
@click.option("--lot", required=True, help="The lot that is printed on the packs.")
@click.option("--expires", type=TIME, required=True, help="From then on they must not be sold.")
@click.option("--case", required=True, help="The local id of the case that they are shipped in.")
@app.json_option
@click.pass_context
def pack_label(ctx: click.Context, file: Path, *, lot: str, expires: UnixSeconds, case: str) -> None:
    """Write the label of a case's packs to FILE, and show its hash: the `twin` of each pack. Sends nothing.

    \b
    Example:
      fabricant asset pack-label case-1.json --lot LOT-7 --expires 2028-11-20T00:00Z --case CASE-1
    """
    label = Label.parse(Label(lot=lot, expires=expires, case=case).serialise())
    files.write(file, label.serialise())
    hashed = f"0x{label.hash.hex()}"
    output.emit(ctx, {"file": str(file), "hash": hashed}, lambda: output.say(f"{hashed}  {file}"))


@click.command
@click.argument("run", type=files.FILE)
@click.argument("serials", nargs=-1, required=True)
@licences_option
@documents_option
@click.option("--presented-by", type=naming.WHO, help="Who has the packs in hand; else your own wallet.")
@trade.reads
def pedigree(
    ctx: click.Context,
    run: Path,
    serials: tuple[str, ...],
    *,
    licences: Path,
    folder: Path,
    presented_by: str | None,
) -> None:
    """Check packs of a RUN before they are sold. Ends with 6 if one must not be.

    \b
    Example:
      fabricant asset pedigree packs.run.jsonl PACK-1 PACK-2 --licences licences.toml --documents labels
    """
    fabricant, by = trade.reading(ctx), naming.principal(ctx, presented_by)
    read = pedigrees.read_pedigrees(fabricant, files.read_run(run), documents_in(folder))
    now, allowed = fabricant.network.head().timestamp, files.read_draft(licences, LicencesFile).licences()
    found = {
        serial: read.check(serial, presented_by=by, at=now, licences=allowed)
        for serial in dict.fromkeys(serials)
    }
    data = [
        {
            "serial": serial,
            "genuine": not findings,
            "findings": [{"finding": type(each).__name__, "message": str(each)} for each in findings],
        }
        for serial, findings in found.items()
    ]
    rows = [
        (printable(serial, 60), "; ".join(map(str, findings)) or "genuine")
        for serial, findings in found.items()
    ]
    output.emit(ctx, data, lambda: output.table("pack", "", rows=rows))
    if wrong := [serial for serial, findings in found.items() if findings]:
        raise VerificationFailed(f"must not be sold: {', '.join(printable(each, 60) for each in wrong)}")


@click.command
@click.argument("run", type=files.FILE)
@click.argument("serial")
@licences_option
@documents_option
@trade.acts
def dispense(ctx: click.Context, run: Path, serial: str, *, licences: Path, folder: Path) -> None:
    """Check a pack of a RUN, and say that it was sold, as the pharmacy that has its case.

    \b
    Example:
      fabricant asset dispense packs.run.jsonl PACK-1 --licences licences.toml --documents labels
    """
    fabricant, seller = trade.trying(ctx), app.account(ctx)
    read = pedigrees.read_pedigrees(fabricant, files.read_run(run), documents_in(folder))
    now, allowed = fabricant.network.head().timestamp, files.read_draft(licences, LicencesFile).licences()
    read.require_genuine(serial, presented_by=seller, at=now, licences=allowed)
    case, leaf = pedigrees.sale_of(read, serial)
    words = [f"{printable(serial, 60)} is genuine. You say that it was sold; nobody can sell it again."]
    action = AssetRegistry.record
    done = trade.perform(ctx, fabricant.assets, action, words, case, topic=DISPENSED, hash_=leaf)
    trade.report(ctx, done, [f"{printable(serial, 60)} was sold."])
