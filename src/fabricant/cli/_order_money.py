"""`fabricant order`: free balances: what security deposits come from, and what can be withdrawn."""

import click

from fabricant.chain import lookup
from fabricant.chain.escrow import SupplierEscrow
from fabricant.chain.payments import free_balances, payment_of
from fabricant.cli import _app as app
from fabricant.cli import _naming as naming
from fabricant.cli import _output as output
from fabricant.cli import _trade as trade
from fabricant.domain.drafts import parse_token
from fabricant.domain.units import Address, BaseUnits
from fabricant.errors import InvalidInput

TOKEN = app.Parsed("token", parse_token)
WHICH = "The token's address, or `coin` for the chain's own."


@click.command
@click.argument("amount")
@click.option("--token", type=TOKEN, required=True, help=WHICH)
@click.option("--owner", type=naming.WHO, help="Whose balance; else your own.")
@trade.acts
def deposit(ctx: click.Context, amount: str, *, token: Address, owner: str | None) -> None:
    """Add to a free balance, from which security deposits are locked. In whole tokens.

    \b
    Example:
      fabricant order deposit 500 --token 0xdAC17F958D2ee523a2206206994597C13D831ec7
    """
    fabricant = trade.trying(ctx)
    whose, money = naming.principal(ctx, owner), lookup.token_of(fabricant, token)
    units = _above_zero(money.parse(amount))
    payment = payment_of(fabricant, token, units, payer=whose)
    if not payment.allowance:
        fabricant.escrow.simulate(fabricant.escrow.deposit, token, units, owner=whose)
    words = [f"{money.format(units)} are added to the free balance of {whose}."]
    trade.agree(ctx, [*words, *trade.payment_words(payment, money)])
    trade.allow(ctx, fabricant, token, payment)
    done = trade.send(ctx, fabricant.escrow, SupplierEscrow.deposit, token, units, owner=whose)
    trade.report(ctx, done, [f"The free balance is {money.format(done.event.balance_after)} now."])


@click.command
@click.argument("amount")
@click.option("--token", type=TOKEN, required=True, help=WHICH)
@click.option(
    "--owner", type=naming.WHO, help="Whose balance; it is paid out to its owner, whoever sends this."
)
@trade.acts
def withdraw(ctx: click.Context, amount: str, *, token: Address, owner: str | None) -> None:
    """Pay free balance out to its owner (FINANCE): an amount in whole tokens, or `all`.

    \b
    Example:
      fabricant order withdraw all --token 0xdAC17F958D2ee523a2206206994597C13D831ec7
    """
    fabricant = trade.trying(ctx)
    whose, money = naming.principal(ctx, owner), lookup.token_of(fabricant, token)
    escrow = fabricant.escrow
    units = _all(escrow, whose, token) if amount == "all" else _above_zero(money.parse(amount))
    words = [f"{money.format(units)} of free balance are paid out to {whose}."]
    done = trade.perform(ctx, escrow, SupplierEscrow.withdraw, words, token, units, owner=whose)
    trade.report(ctx, done, [f"The free balance is {money.format(done.event.balance_after)} now."])


def _above_zero(units: BaseUnits) -> BaseUnits:
    if not units:
        raise InvalidInput("the amount is zero, which changes nothing; give one above zero")
    return units


def _all(escrow: SupplierEscrow, owner: Address, token: Address) -> BaseUnits:
    if balance := escrow.free_balance_of(owner, token):
        return balance
    raise InvalidInput(f"{owner} has no free balance in this token; there is nothing to withdraw")


@click.command
@click.option("--owner", type=naming.WHO, help="Whose balances; else your own.")
@trade.reads
def balance(ctx: click.Context, *, owner: str | None) -> None:
    """Show what can be withdrawn from the escrow.

    \b
    Example:
      fabricant order balance
    """
    fabricant, whose = trade.reading(ctx), naming.principal(ctx, owner)
    found = {
        lookup.token_of(fabricant, token): amount for token, amount in free_balances(fabricant, whose).items()
    }
    data = {
        "owner": whose,
        "balances": [
            {
                "token": token.address,
                "symbol": token.symbol,
                "decimals": token.decimals,
                "amount": str(amount),
            }
            for token, amount in found.items()
        ],
    }
    rows = [(token.format(amount), token.argument) for token, amount in found.items()]
    output.emit(ctx, data, lambda: output.table("free balance", "token", rows=rows))
