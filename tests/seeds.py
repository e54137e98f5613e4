"""The seed of what a proof draws: its own each time, or the one that is asked for."""

import os
import secrets


def first_seed() -> int:
    """ZEMI_TEST_SEED, or a new one. Whoever draws by it says it in the report of the run."""
    return int(os.environ.get("ZEMI_TEST_SEED", "0")) or secrets.randbelow(2**32)
