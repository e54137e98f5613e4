import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from zemi.__main__ import COMMANDS, WITHOUT_DATABASE, main
from zemi.cli.pytest_runner import paths_of
from zemi.cli.up import _box
from zemi.identity.models import ApiKey, Merchant
from zemi.providers import registry
from zemi.reconciliation.audit import audit_books


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])

    assert end.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: zemi {command} ")
    assert len(said.splitlines()) > 3


def test_the_list_says_the_same_of_each_command_whichever_is_asked_for(capsys) -> None:
    said = []
    for words in (["--help"], ["--help", "work"]):
        with pytest.raises(SystemExit):
            main(words)
        said.append(capsys.readouterr().out)

    assert said[0] == said[1]
    for summary in COMMANDS.values():
        assert summary in " ".join(said[0].split())


def test_a_python_without_the_libraries_says_which_one_has_them() -> None:
    # Without site-packages.
    bare = subprocess.run(
        [sys.executable, "-S", "-m", "zemi", "trigger", "order.paid"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert bare.returncode == 1
    assert bare.stderr.endswith("  .venv/bin/python -m zemi trigger order.paid\n")


def test_an_unknown_command_is_refused_with_the_list(capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["fly"])

    assert end.value.code == 2
    assert "up" in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("merchant", "label", "said"),
    [
        ("M" * 101, "", "merchant: At most 100 characters."),
        (" ", "", "merchant: This may not be empty."),
        ("Duka\nla Baraka", "", "merchant: A name is one line of letters."),
        ("Duka", "l" * 61, "name: At most 60 characters."),
    ],
)
def test_a_name_that_the_database_would_not_hold_is_refused_in_words(
    capsys, merchant: str, label: str, said: str
) -> None:
    words = ["api-key", "create", "--merchant", merchant, "--scopes", "read", "--label", label]

    assert main(words) == 1
    assert capsys.readouterr().err.strip() == said
    assert not Merchant.objects.exists()


@pytest.mark.django_db
def test_the_longest_names_are_kept_whole(capsys) -> None:
    words = ["--merchant", "Ü" * 100, "--scopes", "read", "--label", "ß" * 60]

    assert main(["api-key", "create", *words]) == 0
    assert (Merchant.objects.get().name, ApiKey.objects.get().label) == ("Ü" * 100, "ß" * 60)


@pytest.mark.django_db
def test_an_api_key_is_printed_once_and_only_its_hash_is_kept(capsys) -> None:
    assert main(["api-key", "create", "--merchant", "Duka la Baraka", "--scopes", "orders,read"]) == 0

    token = capsys.readouterr().out.strip()
    key = ApiKey.objects.get()
    assert re.fullmatch(r"zk_test_[a-z0-9]{8}_\S+", token)
    assert key.merchant.name == "Duka la Baraka"
    assert key.scopes == ["orders", "read"]
    assert token.encode() not in bytes(key.secret_hash)
    assert len(bytes(key.secret_hash)) == 32


@pytest.mark.django_db
@pytest.mark.parametrize("scopes", ["", "orders,everything"])
def test_a_key_with_an_unknown_scope_is_not_made(scopes, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["api-key", "create", "--merchant", "Duka la Baraka", "--scopes", scopes])

    assert end.value.code == 2
    assert "orders, payments, payouts, refunds" in capsys.readouterr().err
    assert not ApiKey.objects.exists()


@pytest.mark.django_db
def test_keys_are_listed_replaced_and_revoked_by_the_operator(capsys) -> None:
    def said(*words: str) -> str:
        code = main(["api-key", *words, "--merchant", "Duka"])
        told = capsys.readouterr()
        # What is refused is no answer: a script that keeps the key it asked for must not keep a sentence.
        return f"{code} {(told.err if code else told.out).strip()}"

    old = said("create", "--scopes", "orders,payouts", "--label", "till", "--days", "30")[2:]
    public_id = old.split("_")[2]
    new = said("rotate", "--id", public_id, "--hours", "1")[2:]
    listed = said("list")

    assert new != old
    assert f"zk_test_{public_id}...{old[-4:]}  till  orders,payouts  made " in listed
    assert len(listed.splitlines()) == 2
    assert "  expires " in listed
    assert old not in listed
    assert said("rotate", "--id", public_id).startswith("1 This key was replaced already.")
    assert said("revoke", "--id", public_id) == f"0 {public_id} is revoked."
    assert said("rotate", "--id", public_id).startswith("1 This key is not valid any more.")
    assert said("revoke", "--id", "00000000").startswith("1 There is no key")
    assert main(["api-key", "list", "--merchant", "Soko"]) == 1
    assert "no merchant called 'Soko'" in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words",
    [
        ["logs", "tail", "--order", "ZEM-7K2M9QXA", "--request", "req_1"],
        ["float", "--top-up", "5", "--show"],
        ["float", "--ask", "--show"],
    ],
)
def test_what_excludes_each_other_is_not_asked_at_once(words, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)

    assert end.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["float", "--top-up", "0"], "above zero"),
        (["float", "--top-up", "-5"], "above zero"),
        (["work", "--concurrency", "2"], "goes with --celery"),
        (["work", "--celery", "--concurrency", "0"], "above zero"),
    ],
)
def test_a_number_that_means_nothing_is_refused(words, problem, capsys) -> None:
    assert main(words) == 2
    assert problem in capsys.readouterr().err


_USES_THE_DATABASE = {
    "api-key": ["list", "--merchant", "Duka"],
    "trigger": ["order.paid"],
    "events": ["resend", "evt_1"],
    "staff": ["queue"],
    "staff-user": ["list"],
}


@pytest.mark.django_db
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in WITHOUT_DATABASE])
def test_what_belongs_to_the_other_mode_is_left_alone(command, capsys, monkeypatch) -> None:
    monkeypatch.setattr(settings, "MODE", "live")
    with pytest.raises(SystemExit) as end:
        main([command, *_USES_THE_DATABASE.get(command, [])])

    assert end.value.code == 78
    assert "the database is not of ZEMI_MODE live" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_sandbox_is_not_started_on_the_other_modes_database(capsys, monkeypatch) -> None:
    monkeypatch.setattr(settings, "MODE", "live")

    assert main(["up"]) == 1
    assert "the database is not of ZEMI_MODE live" in capsys.readouterr().err


def test_a_database_that_was_not_migrated_is_told_so(child_env, tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zemi", "api-key", "list", "--merchant", "Duka"],
        env=child_env | {"ZEMI_VAR": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 78
    assert "run `python manage.py migrate`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("option", [["--days", "0"], ["--days", "x"]])
def test_a_life_is_a_number_of_days(option, capsys) -> None:
    with pytest.raises(SystemExit) as end:
        main(["api-key", "create", "--merchant", "Duka", "--scopes", "read", *option])

    assert end.value.code == 2
    assert "no whole number from 1 to 3650" in capsys.readouterr().err


def test_the_box_says_where_and_what_to_try() -> None:
    box = _box("zk_test_demo").splitlines()

    assert len({len(line) for line in box}) == 1
    text = "\n".join(box)
    for word in (
        f"http://127.0.0.1:{settings.PORT}/docs",
        settings.SIM_URL,
        "zk_test_demo",
        "make demo",
        "Ctrl-C",
    ):
        assert word in text


@pytest.mark.parametrize(
    ("labels", "paths"),
    [
        ([], []),
        (["tests/cli/test_ports.py"], ["tests/cli/test_ports.py"]),
        (["tests/cli/test_ports.py::test_x"], ["tests/cli/test_ports.py::test_x"]),
        (["cli"], [str(settings.BASE_DIR / "tests" / "cli")]),
        (["cli.tests"], [str(settings.BASE_DIR / "tests" / "cli")]),
        (["zemi.cli.ports"], [str(settings.BASE_DIR / "tests" / "cli" / "test_ports.py")]),
        (["ports.tests"], [str(settings.BASE_DIR / "tests" / "cli" / "test_ports.py")]),
        (["nowhere.such.thing"], []),
    ],
)
def test_djangos_labels_become_paths(labels, paths) -> None:
    assert paths_of(labels) == paths


def test_manage_py_test_runs_pytest(child_env) -> None:
    # In a process of its own, and not inside this one's xdist.
    env = {name: value for name, value in child_env.items() if not name.startswith("PYTEST_")}

    done = subprocess.run(
        [sys.executable, "manage.py", "test", "cli.ports"],
        cwd=settings.BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("ZEMI_MODE", "prod", "ZEMI_MODE is sandbox or live"),
        ("ZEMI_MODE", "live", "MPESA_PASSKEY is missing"),
        ("ZEMI_PORT", "http", "ZEMI_PORT is a whole number"),
    ],
)
def test_a_wrong_configuration_is_explained_and_ends_with_78(child_env, name, value, problem) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zemi", "work"],
        env=child_env | {name: value},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 78
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
    assert os.environ["ZEMI_VAR"] not in done.stderr


@pytest.mark.django_db
def test_the_opening_float_is_booked_once_and_only_into_empty_books(simulator, clock, capsys) -> None:
    assert main(["float"]) == 0
    assert capsys.readouterr().out == "Booked as own float: KES 10000000.00.\n"
    assert main(["float"]) == 0

    assert main(["float", "--disbursement", "5"]) == 1
    assert "already" not in capsys.readouterr().out
    assert audit_problems() == []


@pytest.mark.django_db
def test_a_live_float_is_what_the_operator_says(simulator, clock, settings, capsys) -> None:
    registry.mobile_money()
    settings.LIVE = True
    assert main(["float"]) == 2
    assert main(["float", "--collection", "-1"]) == 2

    assert main(["float", "--collection", "100", "--disbursement", "50000"]) == 0

    assert "50000 for disbursement" in capsys.readouterr().out
    settings.LIVE = False
    assert [problem.split(":")[0] for problem in audit_problems()] == [
        "account 1100[174379]",
        "account 1110[600000]",
    ]


def audit_problems() -> list[str]:
    return [problem for check in audit_books() for problem in check.problems]
