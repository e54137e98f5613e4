"""What the documents promise: links lead somewhere, names exist, generated pages are fresh, commands run."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.references import ROOT, code, unresolved
from zemi.__main__ import COMMANDS
from zemi.cli.ports import free_port

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "simulator" / "README.md"])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("0*.md"))
# Code that a reader runs, block after block, in one shell.
RUNNABLE = ("README.md", "docs/tutorial.md", "docs/howto/api-basics.md")

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"(?ms)^```bash\n(.*?)^```$")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _links(page: Path) -> list[str]:
    return [
        link
        for link in _LINK.findall(page.read_text())
        if "://" not in link and not link.startswith("mailto:")
    ]


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{_name(page)}: {link}"
        if anchor:
            assert anchor in _anchors(target), f"{_name(page)}: {link}"


# docs/seed.md names the seed's own files too (its test reads it column by column), the simulator its own addresses.
@pytest.mark.parametrize(
    "page", [page for page in PAGES if _name(page) not in {"docs/seed.md", "simulator/README.md"}], ids=_name
)
def test_what_a_page_names_is_there(page: Path) -> None:
    assert unresolved(page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    text = code(page.read_text())
    targets = set(re.findall(r"(?m)^(\w+):", (ROOT / "Makefile").read_text()))

    assert set(re.findall(r"(?m)^make (\w+)", text)) <= targets
    assert set(re.findall(r"python -m zemi ([a-z][\w-]*)", text)) <= set(COMMANDS)


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            targets = [(page.parent / link.partition("#")[0]).resolve() for link in _links(page)]
            waiting += [target for target in targets if target.is_file()]

    assert set(PAGES) - reached == set()


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    listed = _links(ROOT / "docs" / "adr" / "index.md")

    assert [path.name[:4] for path in DECISIONS] == [
        f"{number:04d}" for number in range(1, len(DECISIONS) + 1)
    ]
    assert [link for link in listed if link.startswith("0")] == [path.name for path in DECISIONS]


@pytest.mark.parametrize("decision", DECISIONS, ids=_name)
def test_a_decision_has_its_four_parts_and_fits_on_a_page(decision: Path) -> None:
    text = decision.read_text()

    assert text.startswith(f"# {decision.name[:4]} ")
    assert re.findall(r"(?m)^## (.+)$", text) == ["Context", "Decision", "Consequences", "Reconsider when"]
    assert len(text.splitlines()) <= 60


def test_generated_pages_are_what_the_code_says() -> None:
    # In a process of its own: tests define errors and models that are not the product's.
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.reference", "--check"],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_page_is_noticed(tmp_path: Path) -> None:
    from tools.generated import write_or_check

    page = tmp_path / "events.md"
    page.write_text("as it was\n")

    assert write_or_check(page, "as it is\n", check=True) == 1
    assert page.read_text() == "as it was\n"


def test_the_readme_keeps_the_seeds_promises() -> None:
    text = (ROOT / "README.md").read_text()

    for promise in (
        "make run", "make test", "Python 3.11", "pip install -r requirements.txt", "cp .env.example .env",
        "python manage.py migrate", "python manage.py createsuperuser", "python manage.py runserver",
        "python manage.py test", "/api/orders/create", "/api/webhooks/payment", "/api/payments/mpesa/stk-push",
        "/api/orders/confirm-delivery",
    ):  # fmt: skip
        assert promise in text, promise


def test_settings_may_stand_in_a_file_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# as .env.example has it\nZEMI_PORT=8123\nZEMI_FEE_BPS=250\nZEMI_WEB_WORKERS=\n")
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    env |= {"ZEMI_ENV_FILE": str(file), "ZEMI_VAR": str(tmp_path / "var"), "ZEMI_FEE_BPS": "300"}

    said = subprocess.run(
        [sys.executable, "-c", "from zemi import settings as s; print(s.PORT, s.FEE_BPS, s.WEB_WORKERS)"],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )

    assert said.stdout.split() == ["8123", "300", "1"]


def test_the_license_is_the_one_that_the_package_names() -> None:
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text.splitlines()[0]
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Everything started as `make run` does, on ports of its own: the environment to reach it by."""
    port, sim_port = free_port(), free_port()
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    env |= {"ZEMI_VAR": str(tmp_path), "ZEMI_PORT": str(port), "ZEMI_SIM_PORT": str(sim_port)}
    with (tmp_path / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "zemi", "up", "--with-parent"], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            if (tmp_path / "run.json").exists() or up.poll() is not None:
                break
            threading.Event().wait(0.1)
        assert (tmp_path / "run.json").exists(), (tmp_path / "up.log").read_text()
        yield env
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(timeout=30)


@pytest.mark.proof
@pytest.mark.parametrize("name", RUNNABLE)
def test_the_commands_of_a_page_run_as_they_stand(name: str, instance: dict[str, str]) -> None:
    blocks = _BLOCK.findall((ROOT / name).read_text())
    # What differs here is where things listen and which Python there is; nothing else is touched.
    script = "\n".join(["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", *blocks])
    script = script.replace("localhost:8000", f"localhost:{instance['ZEMI_PORT']}")
    script = script.replace("localhost:8001", f"localhost:{instance['ZEMI_SIM_PORT']}")
    script = script.replace("4242", str(free_port()))
    script = script.replace(".venv/bin/python", sys.executable)

    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=instance, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    # The order went all the way, whatever else was shown.
    assert re.search(r'"status": ?"completed"', done.stdout)
    if "expand" in script:
        assert '"total": 1' in done.stdout
        assert re.search(r'"attempts": \[\s*\{', done.stdout)
        assert '"field":"state","code":"unknown"' in done.stdout
        assert '"detail": "Sema wewe ni nani' in done.stdout
    if "audit" in script:
        assert "The books agree." in done.stdout
        assert '"code": "delivery_code_wrong"' in done.stdout
        assert "You cancelled the request. No money moved." in done.stdout
        assert done.stdout.count("Idempotent-Replayed: true") == 1
        assert '"status": "expired"' in done.stdout
        assert "order.expired" in done.stdout
        assert "delivery_code_wrong - Ask the buyer" in done.stdout
        assert re.search(r"(?m)^new order\.paid ZEM-", done.stdout)
        assert re.search(r"(?m)^401\nnew order\.paid .*\nrefused: ", done.stdout)
        assert re.search(r"(?m)^again order\.paid ZEM-", done.stdout)
