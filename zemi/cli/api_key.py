"""`zemi api-key`: make an API key for a merchant; it is shown once."""

import argparse

from zemi.common import clock
from zemi.identity.api_keys import Scope, create_api_key


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Name the command and its options."""
    parser = subparsers.add_parser("api-key", help="make an API key", description="API keys of merchants.")
    actions = parser.add_subparsers(dest="action", metavar="<action>", required=True)
    create = actions.add_parser(
        "create",
        help="make a key and print it once",
        description="Make a key and print it, once: only its hash is kept.",
        epilog='Example: python -m zemi api-key create --merchant "Duka la Baraka" --scopes orders,read',
    )
    create.add_argument(
        "--merchant", required=True, metavar="NAME", help="whose key it is; made if nobody has that name"
    )
    create.add_argument(
        "--scopes", required=True, type=_scopes, metavar="A,B", help=f"by commas, of: {', '.join(Scope)}"
    )


def run(args: argparse.Namespace) -> int:
    """Make the key and print it."""
    _, token = create_api_key(merchant_name=args.merchant, scopes=args.scopes, now=clock.now())
    print(token)
    return 0


def _scopes(written: str) -> list[Scope]:
    try:
        return [Scope(word.strip()) for word in written.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; there are {', '.join(Scope)}") from error
