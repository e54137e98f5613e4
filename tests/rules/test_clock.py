import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from zemi.common import clock as product_clock
from zemi.common.clock import ClockRefused

HOUR = timedelta(hours=1)


def test_the_clock_is_moved_on_and_stays_so(clock) -> None:
    before = product_clock.now()

    product_clock.advance(HOUR)
    product_clock.advance(HOUR)

    assert product_clock.now() == before + 2 * HOUR
    assert product_clock.ahead() == 2 * HOUR


def test_another_process_has_the_same_time(clock, tmp_path, child_env) -> None:
    product_clock.advance(25 * HOUR)

    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "from zemi import settings; from zemi.common import clock; print(clock.ahead())",
        ],
        env=child_env | {"ZEMI_VAR": str(tmp_path), "ZEMI_ENV_FILE": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "1 day, 1:00:00\n"


def test_nothing_is_lost_when_many_move_it_at_once(clock) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: product_clock.advance(HOUR), range(40)))

    assert product_clock.ahead() == 40 * HOUR


def test_it_follows_the_clock_that_leads_it(clock) -> None:
    asked = []

    product_clock.advance(HOUR, lead=lambda ahead: asked.append(ahead) or 3 * HOUR)
    product_clock.advance(HOUR, lead=lambda ahead: asked.append(ahead) or ahead)

    assert asked == [HOUR, 4 * HOUR]
    assert product_clock.ahead() == 4 * HOUR


def test_it_stays_when_the_other_clock_can_not_be_moved(clock) -> None:
    def lead(ahead):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        product_clock.advance(HOUR, lead=lead)

    assert product_clock.ahead() == timedelta(0)


@pytest.mark.parametrize("by", [timedelta(0), -HOUR, timedelta(days=3651)])
def test_it_never_goes_back_nor_out_of_the_calendar(clock, by) -> None:
    product_clock.advance(HOUR)

    with pytest.raises(ClockRefused):
        product_clock.advance(by)

    assert product_clock.ahead() == HOUR


def test_where_nobody_may_move_it_it_is_the_machines(clock) -> None:
    product_clock.advance(HOUR)
    product_clock.let_be_moved(None)
    product_clock.use(None)

    with pytest.raises(ClockRefused):
        product_clock.advance(HOUR)

    assert product_clock.ahead() == timedelta(0)
    assert abs(product_clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
