"""`fabricant demo`: watch one real deal, from a machine's log to a stranger's verification."""

import json
import os
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from fabricant.chain.anvil import DevelopmentChain, LocalChain
from fabricant.chain.profiles import URL_VARIABLE
from fabricant.chain.wallet import dev_wallets
from fabricant.cli import _app as app
from fabricant.cli import _files as files
from fabricant.cli import _output as output
from fabricant.demo import Report, run
from fabricant.demo.account import Statement, total
from fabricant.demo.evidence import Evidence
from fabricant.demo.journal import Chapter, Remark, Step
from fabricant.domain.units import BaseUnits, to_whole
from fabricant.errors import InvalidInput
from fabricant.samples import machine_log as sample_log

WIDTH: Final = 98
HEADINGS: Final = f"{'':62}{'transaction':13}{'gas':>11}{'repriced':>11}"


@click.command
@click.option("--machine-log", type=files.FILE, help="An SHDR log; without one, a small invented one.")
@click.option(
    "--out", type=files.NEW_FILE, default="demo.json", show_default=True, help="Where the report goes."
)
@click.option("--keep", is_flag=True, help="Leave the chain running, and say how to connect to it.")
@app.network_options
@app.wallet_options
@app.json_option
@click.pass_context
def command(ctx: click.Context, *, machine_log: Path | None, out: Path, keep: bool) -> None:
    """Watch one real deal, from a machine's log to a stranger's verification.

    A supplier registers the machine that the log names and offers its hours; a buyer books some of them; the
    machine's gateway anchors the log; the parts that it shows change hands against payment; a stranger
    verifies all of it. It happens on a fresh local chain that ends with the command, or on the Anvil that
    --network names, where --wallet pays for everybody's gas. FABRICANT_RPC_URL doesn't count here.

    "repriced" is the gas under the repricing planned for Ethereum: dearer storage, a floor for calldata.

    \b
    Example:
      fabricant demo --machine-log okuma.shdr.txt --keep
    """
    evidence = _evidence(machine_log)
    _require_writable(out)
    show = _Show(_say_nothing if app.wants_json(ctx) else output.say)
    chain = _chain(ctx)
    funder = dev_wallets(chain)[0] if isinstance(chain, LocalChain) else app.wallet(ctx)
    with _record_folder(ctx, lasting=keep or not isinstance(chain, LocalChain)) as folder:
        report = run(evidence, chain=chain, funder=funder, folder=folder, tell=show.event)
    out.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    show.account(report.statement)
    show.line(f"\nVerified. The account adds up to the last base unit. The report is in {out}.")
    connection = {"chain": _connection(report)} if keep else {}
    output.emit(ctx, {**report.as_json(), **connection}, lambda: show.connection(connection.get("chain")))


def _evidence(machine_log: Path | None) -> Evidence:
    if machine_log is None:
        return Evidence.read(sample_log())
    with files.named(machine_log):
        return Evidence.read(files.read(machine_log))


def _chain(ctx: click.Context) -> DevelopmentChain:
    """A fresh chain of its own, unless a network is named."""
    if not app.names_network(ctx):
        if URL_VARIABLE in os.environ:
            output.note(f"{URL_VARIABLE} is not used: this is a fresh chain. Name another with --network.")
        return app.own_chain(ctx)
    named = app.network(ctx, start_local=True)
    return named if isinstance(named, LocalChain) else app.development(ctx)


@contextmanager
def _record_folder(ctx: click.Context, *, lasting: bool) -> Iterator[Path]:
    """Where the deployment is recorded: with all others, or nowhere for long."""
    if lasting:
        yield app.folder(ctx)
    else:
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(scratch)


def _require_writable(out: Path) -> None:
    """Before anything happens: the report must have a place to go."""
    try:
        with out.open("ab") if out.exists() else tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as problem:
        raise InvalidInput(f"{out} can't be written ({problem.strerror}); name another with --out") from None


def _connection(report: Report) -> dict[str, Any]:
    """How to go on with the chain, which lasts from now on. `process` is what ends it, if it began here."""
    chain, stage = report.stage.chain, report.stage
    contracts = {name: entry.address for name, entry in stage.deployment.contracts.items()}
    parties = {party.name: party.address for party in stage.parties}
    return {
        "url": str(chain.rpc.url),
        "chainId": chain.chain_id,
        "addresses": {**contracts, stage.money.symbol: stage.money.address, **parties},
        "process": chain.keep() if isinstance(chain, LocalChain) else None,
    }


def _say_nothing(_: str) -> None:
    """Beside JSON there is no other output."""


@dataclass(slots=True)
class _Show:
    """Shows a deal as it happens, line by line."""

    line: Callable[[str], None]
    chapters: int = 0

    def event(self, event: Chapter | Remark | Step) -> None:
        match event:
            case Chapter():
                self.chapters += 1
                self.line(f"\n{self.chapters}  {event.title}")
                if self.chapters == 1:
                    self.line(HEADINGS)
            case Remark():
                self.line(
                    textwrap.fill(event.text, WIDTH, initial_indent=" " * 13, subsequent_indent=" " * 15)
                )
            case Step():
                repriced = "–" if event.repriced is None else f"{event.repriced:,}"
                short = f"{event.receipt.transaction[:6]}…{event.receipt.transaction[-4:]}"
                figures = f"{short:13}{event.receipt.gas_used:>11,}{repriced:>11}"
                self.line(f"   {event.who:9} {event.what:48} {figures}")

    def account(self, statement: Statement) -> None:
        """What everybody had and has: a table for each token, with its sums."""
        self.line("\nThe account")
        for token in statement.tokens:
            self.line("")
            self._row(token.symbol, "before", "for gas" if token == statement.coin else "change", "after")
            entries = statement.of(token)
            for party, entry in [*entries, ("sum", total(entry for _, entry in entries))]:
                change = BaseUnits(entry.after - entry.before)
                figures = (to_whole(each, token.decimals) for each in (entry.before, change, entry.after))
                self._row(party, *(f"{figure:,f}" for figure in figures))

    def connection(self, facts: dict[str, Any] | None) -> None:
        """How to go on with a chain that lasts, if it does."""
        if facts is None:
            return
        self.line(f"\nThe chain stays: chain {facts['chainId']} at {facts['url']}")
        for name, address in facts["addresses"].items():
            self.line(f"   {name:16} {address}")
        self.line(f"Look around:  fabricant chain status --network {facts['url']}")
        if facts["process"]:
            self.line(f"End it:       kill {facts['process']}")

    def _row(self, *cells: str) -> None:
        name, *figures = cells
        self.line(f"   {name:11}" + "".join(f"{figure:>26}" for figure in figures))
