"""The product's settings on a database of their own, whatever the environment says.

A module of settings and not a fixture, because pytest-django reads settings before it reads any conftest.
ZEMI_TEST_DB chooses the database: sqlite (default) or postgres.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from zemi.common import limits

_OURS = ("ZEMI_", "MPESA_", "AT_", "DB_", "DATABASE_URL", "DJANGO_SECRET_KEY", "DEBUG", "ALLOWED_HOSTS")
# What the tests themselves are told: how much of it.
_TESTS = ("ZEMI_TEST_", "ZEMI_FUZZ_", "ZEMI_MACHINE_", "ZEMI_RACE_", "ZEMI_SCHEMATHESIS_", "ZEMI_PLANTED_")
for _name in list(os.environ):
    if _name.startswith(_OURS) and not _name.startswith(_TESTS):
        del os.environ[_name]

_var = Path(tempfile.mkdtemp(prefix=f"zemi-tests-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"))
atexit.register(shutil.rmtree, _var, ignore_errors=True)
os.environ["ZEMI_VAR"] = str(_var)
os.environ["ZEMI_ENV_FILE"] = ""
# All stories are told from one address, to a clock that stands still: what is limited has tests of its own.
os.environ["ZEMI_LIMITS"] = ",".join(f"{name}=1000000000" for name in limits.LIMITS)

if os.environ.get("ZEMI_TEST_DB", "sqlite") == "postgres":
    from tests.postgres import find, start

    # Started once, by the process that starts the others: they inherit the address.
    if "ZEMI_TEST_PG_STARTED" not in os.environ:
        os.environ["ZEMI_TEST_PG_STARTED"] = start(find())
    os.environ["DATABASE_URL"] = os.environ["ZEMI_TEST_PG_STARTED"]

from zemi.settings import *  # noqa: E402, F403 (all of them, after the environment is right)
from zemi.settings import DATABASES  # noqa: E402 (for the type checker)

# Staff's passwords are hashed slowly on purpose; the tests have many of them.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file and not memory, so that threads share it; and no waiting for a disk that nobody will miss.
    DATABASES["default"]["TEST"] = {"NAME": str(_var / "test.sqlite3")}
    _options = DATABASES["default"]["OPTIONS"]
    _options["init_command"] = _options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
else:
    DATABASES["default"]["TEST"] = {"NAME": "test_zemi"}
    # A race of fifty needs fifty connections: the product's few would let the others wait in line before they meet.
    DATABASES["default"]["OPTIONS"]["pool"] |= {"max_size": 60, "timeout": 30}
