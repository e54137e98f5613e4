"""python -m simulator --port 8001 [--host 127.0.0.1] [--state var/simulator.sqlite3]"""

import argparse
import logging
import secrets
import sys
from pathlib import Path

from simulator.control import ControlError
from simulator.server import serve
from simulator.simulator import Simulator
from simulator.store import StoreBusy


def main() -> int:
    """Parse the command line and serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator",
        description="A stand-in for Safaricom's Daraja and Africa's Talking's SMS.",
    )
    parser.add_argument("--port", type=int, default=8001, help="0 for any free one (default 8001)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--state", type=Path, help="file that keeps everything (default: memory only)")
    parser.add_argument("--base-url", help="how clients reach it, for /_sim/config (default: host and port)")
    parser.add_argument("--seed", type=int, help="of the identifiers in a new state (default: random)")
    parser.add_argument(
        "--pay-after-s", type=float, default=1.0, help="how long an ordinary person takes (default 1)"
    )
    parser.add_argument(
        "--result-after-s", type=float, default=1.0, help="how long a payout takes (default 1)"
    )
    parser.add_argument("--scenario", help="a file of things that go wrong, or the name of a shipped one")
    parser.add_argument(
        "--password-stays", action="store_true", help="the initiator's password does not die after 90 days"
    )
    options = parser.parse_args()

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        simulator = Simulator(
            options.state or ":memory:",
            base_url=options.base_url or "",
            seed=secrets.randbits(63) if options.seed is None else options.seed,
            pay_after_s=options.pay_after_s,
            result_after_s=options.result_after_s,
        )
        if options.password_stays:
            simulator.switch(initiator_password_expires=False)
        if options.scenario is not None:
            simulator.scenario(options.scenario)
        serve(
            simulator,
            host=options.host,
            port=options.port,
            ready=lambda base_url: print(f"simulator ready on {base_url}", flush=True),
        )
    except (StoreBusy, OSError, ControlError) as error:
        print(f"simulator cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
