"""What the repository promises to whoever clones it."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

from tools import env_example, secret_scan
from zemi.__main__ import COMMANDS
from zemi.settings import OPTIONS

ROOT = Path(__file__).resolve().parents[2]


def test_env_example_names_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == [
        f"{option.name}={option.default}" for option in OPTIONS
    ]
    assert env_example.render().splitlines() == lines


def test_every_setting_that_the_code_reads_is_in_the_table() -> None:
    code = "".join(path.read_text() for path in (ROOT / "zemi").rglob("*.py"))
    read = set(re.findall(r'\b(?:read|whole)\("([A-Z_]+)"', code))

    assert read <= {option.name for option in OPTIONS}


@pytest.mark.parametrize("file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda file: file.name)
def test_every_requirement_is_pinned_and_hashed_and_names_no_host(file: Path) -> None:
    text = file.read_text().replace("\\\n", " ")

    assert "://" not in text
    for line in text.splitlines():
        assert re.match(
            r"[a-z0-9._-]+(\[[a-z0-9,._-]+\])?==\S+ (; .+ )? *--hash=sha256:[0-9a-f]{64}", line
        ), line


def test_plain_pip_installs_the_run_time_set() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["-r requirements/base.txt"]


def test_make_help_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).split()[1:]

    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout

    assert re.findall(r"make (\w+) +\S", said) == re.findall(r"(?m)^(\w+):", makefile)
    assert sorted(re.findall(r"make (\w+) +\S", said)) == sorted(phony)


def test_every_package_has_a_layer_and_is_kept_out_of_the_ledgers_tables() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    kept_out = next(c for c in contracts if c.get("forbidden_modules") == ["zemi.ledger.models"])
    packages = {f"zemi.{init.parent.name}" for init in (ROOT / "zemi").glob("*/__init__.py")}

    assert {package for layer in layers for package in layer.split(" | ")} == packages
    assert {*kept_out["source_modules"], "zemi.ledger"} == packages


def test_every_command_has_its_module() -> None:
    for command in COMMANDS:
        assert (ROOT / "zemi" / "cli" / f"{command.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("zemi/a.py", "KEY = 'zk_live_" + "abcd1234_" + "x" * 43 + "'", "live API key"),
        ("tests/a.py", "KEY = 'zk_live_" + "abcd1234_" + "x" * 43 + "'", "live API key"),
        ("docs/a.md", "zk_test_" + "abcd1234_" + "x" * 43, "test API key"),
        ("zemi/a.pem", "-----BEGIN " + "PRIVATE KEY-----\n" + "M" * 64, "private key"),
        ("zemi/a.py", "PASSKEY = '" + "0f" * 16 + "'", "secret in the code"),
        (
            "requirements/base.txt",
            "--index-url https:" + "//mirror.example/simple",
            "address in requirements",
        ),
        ("docs/a.md", "https:" + "//py" + "pi.org/simple", "host of a package registry"),
        ("docs/a.md", "see /ho" + "me/otieno/zemi", "path of one machine"),
    ],
)
def test_the_secret_scan_finds(name: str, text: str, what: str) -> None:
    assert [finding.rpartition(": ")[2] for finding in secret_scan.scan(name, text)] == [what]


def test_the_secret_scan_lets_hashes_and_made_up_test_secrets_be() -> None:
    assert not list(secret_scan.scan("requirements/base.txt", "django==5.2 --hash=sha256:" + "0f" * 32))
    assert not list(secret_scan.scan("tests/a.py", "PASSKEY = '" + "0f" * 16 + "'"))


def test_tests_never_write_to_the_developers_directory() -> None:
    assert not settings.VAR.is_relative_to(ROOT)
