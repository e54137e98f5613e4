import json
import re
import sqlite3

import pytest

from simulator import ControlError, Simulator, scenarios
from simulator.fault_kinds import KINDS
from tests.simulator.world import AMINA, BARAKA, COLLECTED, FLOAT, World

SHIPPED = sorted(path.stem for path in scenarios.SHIPPED.glob("*.json"))


@pytest.fixture
def world():
    with World() as it:
        yield it


def _states(world):
    return [step["state"] for step in world.http.get("/_sim/scenario").json()["steps"]]


def test_a_scenario_does_each_step_at_its_time(world):
    answer = world.http.post(
        "/_sim/scenario",
        json={
            "name": "a bad hour",
            "steps": [
                {"fault": {"fault": "callback_lost", "count": 1}},
                {"after_s": 60, "float": {"set": 100}, "note": "the float runs out"},
                {"after_s": 60, "switches": {"stk_phone": "masked"}},
                {"after_s": 120, "phone": {"msisdn": AMINA, "next": "cancel"}},
                {"after_s": 180, "clear_faults": {}},
            ],
        },
    )

    assert answer.status_code == 200
    assert _states(world) == ["done", "waiting", "waiting", "waiting", "waiting"]
    assert [fault["fault"] for fault in world.http.get("/_sim/faults").json()["faults"]] == ["callback_lost"]
    world.run(59.9)
    assert world.books()[FLOAT] == 1_000_000_000
    world.run(0.1)
    assert world.books()[FLOAT] == 10_000
    assert world.sim.switch()["stk_phone"] == "masked"
    world.run(60)
    world.daraja.push()
    world.run(60)
    assert world.sim.phone(AMINA)["prompts"][0]["result_code"] == "1032"
    assert _states(world) == ["done"] * 5
    assert world.http.get("/_sim/faults").json() == {"faults": []}


def test_every_action_can_be_a_step(world):
    world.daraja.push()
    world.run(1)
    world.sim.scenario(
        {
            "steps": [
                {"payment": {"msisdn": AMINA, "amount": 20}},
                {"forge": {"callback": "last", "amount": 9}},
                {"sms_reports": {"url": "http://shop.test/reports"}},
                {"initiator": {"lock": True}},
                {"after_s": 1, "initiator": {"password": "Simulator#2027"}},
                {"clock": {"advance_s": 3600}},
            ]
        }
    )

    calls = world.run(1)

    assert world.books()[COLLECTED] == 152_000
    assert len(calls) == 1
    assert world.sim.config()["initiator_password"] == "Simulator#2027"
    assert world.http.get("/_sim/sms/reports").json()["url"] == "http://shop.test/reports"
    assert world.sim.now().isoformat() == "2026-07-01T10:00:02+00:00"


def test_a_step_whose_time_finds_nothing_is_noted(world):
    world.sim.scenario({"steps": [{"after_s": 5, "phone": {"msisdn": AMINA, "prompt": "pay"}}]})
    world.run(5)

    (step,) = world.sim.scenario_steps()["steps"]

    assert (step["state"], step["error"]) == ("failed", "there is no open prompt on this phone")


def test_a_scenario_is_dropped(world):
    world.sim.scenario({"steps": [{"float": {"set": 5}}, {"after_s": 5, "float": {"set": 7}}]})

    world.http.delete("/_sim/scenario")
    world.run(60)

    assert _states(world) == ["done", "dropped"]
    assert world.books()[FLOAT] == 500


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ({}, "steps is a list of 1 to 1000 steps"),
        ({"steps": []}, "steps is a list of 1 to 1000 steps"),
        ({"steps": [{}], "stages": 1}, "unknown field 'stages'"),
        ({"name": 5, "steps": [{}]}, "name is a text"),
        ({"steps": ["fault"]}, "steps[0] is no JSON object"),
        ({"steps": [{}]}, "steps[0] has exactly one of fault, clear_faults, switches"),
        ({"steps": [{"fault": {}, "float": {}}]}, "steps[0] has exactly one of"),
        ({"steps": [{"gravity": {}}]}, "steps[0] has exactly one of"),
        ({"steps": [{"clear_faults": {}}, {"fault": {"fault": "x"}}]}, "steps[1].fault: unknown fault 'x'"),
        ({"steps": [{"fault": "callback_lost"}]}, "steps[0].fault is a JSON object"),
        ({"steps": [{"after_s": -1, "clear_faults": {}}]}, "steps[0].after_s is a number of seconds"),
        ({"steps": [{"after_s": True, "clear_faults": {}}]}, "steps[0].after_s is a number of seconds"),
        ({"steps": [{"clock": {"set": "2026-07-01T12:00:00+03:00"}}]}, "steps[0].clock: unknown field 'set'"),
        ({"steps": [{"clock": {}}]}, "steps[0].clock: advance_s is a number of seconds above zero"),
        ({"steps": [{"switches": {"gravity": 1}}]}, "steps[0].switches: unknown switch 'gravity'"),
        (
            {"steps": [{"after_s": 9, "phone": {"msisdn": "12"}}]},
            "steps[0].phone: not a Kenyan mobile number",
        ),
        ({"steps": [{"clear_faults": {"all": 1}}]}, "steps[0].clear_faults: unknown field 'all'"),
    ],
)
def test_a_scenario_that_cannot_be_followed_does_nothing(world, scenario, words):
    before = world.books()
    first = {"float": {"set": 5}}
    if scenario.get("steps") and "steps[" in words:
        # Its good step is not done either.
        scenario = {**scenario, "steps": [*scenario["steps"], first]}

    answer = world.http.post("/_sim/scenario", json=scenario)

    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert world.books() == before
    assert _states(world) == []
    assert world.sim.now().isoformat() == "2026-07-01T09:00:00+00:00"


def test_three_scenarios_are_shipped():
    assert SHIPPED == ["bad_network", "false_witness", "payout_trouble"]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_runs_to_its_end(world, name):
    world.sim.scenario(name)
    world.daraja.push()
    world.run(1)

    for _ in range(8):
        world.run(600)

    assert set(_states(world)) == {"done"}
    assert sum(world.books().values()) == 0


def test_payout_trouble_runs_out_of_float_first(world):
    world.sim.scenario("payout_trouble")
    world.daraja.payout("own-1")
    ((_, first),) = world.run(1)
    world.run(600)
    world.daraja.payout("own-2")
    ((path, _),) = world.run(1)

    assert first["Result"]["ResultCode"] == 1
    assert path == "/timeout"
    world.run(60)
    assert world.books()[f"wallet:{BARAKA}"] == 30_145_500


def test_a_scenario_is_read_from_a_file(world, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"steps": [{"float": {"set": 5}}]}))

    world.sim.scenario(str(path))

    assert world.books()[FLOAT] == 500


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "shipped with it: bad_network"), ("{", "is no JSON"), ("[]", "is no JSON object")],
)
def test_a_file_that_is_no_scenario_is_refused(world, tmp_path, content, words):
    path = tmp_path / "mine.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ControlError, match=re.escape(words)):
        world.sim.scenario(str(path))


def test_what_a_scenario_has_still_to_do_survives_in_the_state_file(tmp_path):
    store = tmp_path / "simulator.sqlite3"
    with World(store) as world:
        world.sim.scenario({"steps": [{"after_s": 60, "float": {"set": 5}}]})

    with World(store) as world:
        world.run(60)
        assert world.books()[FLOAT] == 500


def test_a_state_file_of_an_older_simulator_is_taken_over(tmp_path):
    store = tmp_path / "simulator.sqlite3"
    with World(store) as world:
        world.daraja.push()
        world.run(1)
        world.daraja.payout("own-1")
        before = world.books()
    old = sqlite3.connect(store)
    # As the tables were once: a column less, a constraint and a table more.
    old.executescript(
        "ALTER TABLE faults DROP COLUMN options; PRAGMA user_version = 7; DROP TABLE agenda; DROP TABLE scenario_steps;"
        "CREATE TABLE agenda (id INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
        " kind TEXT NOT NULL CHECK (kind IN ('prompt', 'payout')), ref INTEGER NOT NULL);"
        "INSERT INTO agenda (at, kind, ref) VALUES (0, 'payout', 1);"
    )
    old.close()

    with World(store) as world:
        assert world.books() == before
        assert [path for path, _ in world.run()] == ["/result"]
        assert world.sim.fault("callback_twice", times=3)["times"] == 3
        world.sim.scenario({"steps": [{"after_s": 60, "float": {"set": 5}}]})
    with Simulator(store) as again:
        assert again.scenario_steps()["steps"][0]["state"] == "waiting"


def test_the_readme_names_every_fault_choice_switch_action_and_scenario(world):
    readme = (scenarios.SHIPPED.parent / "README.md").read_text()
    choices = {choice for kind in KINDS.values() for choice in (*kind.bodies, *kind.thens)}
    apis = {api for kind in KINDS.values() for api in kind.apis}

    names = {*KINDS, *choices, *apis, *world.sim.switch(), *scenarios._ACTIONS, *SHIPPED}

    assert sorted(name for name in names if f"`{name}`" not in readme) == []
