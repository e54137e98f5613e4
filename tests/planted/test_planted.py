"""The planted bugs still fit the product; a sample of them is planted with every proof, all of them by `make planted`."""

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.planted.__main__ import CAUGHT, ROOT, plant, planted
from tests.planted.patches import PATCHES, Patch
from tests.seeds import first_seed

SAMPLE = int(os.environ.get("ZEMI_PLANTED_SAMPLE", "5"))

every_patch = pytest.mark.parametrize("patch", PATCHES, ids=[patch.name for patch in PATCHES])


@every_patch
def test_a_planted_bug_still_fits(patch: Patch) -> None:
    text = (ROOT / patch.file).read_text()

    broken = planted(patch, text)

    assert broken != text
    compile(broken, patch.file, "exec")
    assert all((ROOT / path).exists() for path in patch.tests)


def test_there_are_enough_of_them_each_with_a_name_of_its_own() -> None:
    assert len(PATCHES) >= 20
    assert len({patch.name for patch in PATCHES}) == len(PATCHES)
    assert all(Path(patch.file).parts[0] == "zemi" for patch in PATCHES)


@pytest.mark.long
@pytest.mark.proof
def test_a_sample_of_planted_bugs_is_caught(record_property: Callable[[str, object], None]) -> None:
    seed = first_seed()
    chosen = Random(seed).sample([patch for patch in PATCHES if patch.database == "sqlite"], SAMPLE)

    verdicts = {patch.name: plant(patch)[0] for patch in chosen}

    record_property("report", f"planted bugs, --seed {seed}: {verdicts}")
    assert set(verdicts.values()) == {CAUGHT}, verdicts
