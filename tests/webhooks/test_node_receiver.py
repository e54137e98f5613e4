"""A receiver in another language, with the published library, takes what we sign and refuses what we did not."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from tests.conftest import VirtualClock
from zemi.webhooks.endpoints import create_endpoint
from zemi.webhooks.models import WebhookAttempt, WebhookEndpoint
from zemi.webhooks.signing import new_secret

FOLDER = Path(__file__).parent / "node"
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (FOLDER / "node_modules" / "standardwebhooks").is_dir(),
    reason=f"NOT PROVED HERE: signatures against Node. Install nodejs and npm, then `npm ci` in {FOLDER}",
)


class NodeReceiver:
    """The process, and what it says of each request."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{int(self._line())}/hook"

    def said(self) -> dict[str, object]:
        said: dict[str, object] = json.loads(self._line())
        return said

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def start_node() -> Iterator[Callable[[str], NodeReceiver]]:
    processes: list[subprocess.Popen[str]] = []

    def start(secret: str) -> NodeReceiver:
        command = ["node", "receiver.mjs", secret]
        process = subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        return NodeReceiver(process)

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_node_verifies_every_event_of_a_sale(
    duka: UUID, sale: Callable[..., str], clock: VirtualClock, start_node: Callable[[str], NodeReceiver]
) -> None:
    # The URL must be known before the secret is: the endpoint is made first, and its receiver told the secret.
    endpoint, secret = create_endpoint(merchant_id=duka, url="http://127.0.0.1:9/", now=clock.now())
    node = start_node(secret)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=node.url)

    sale(metadata={"ąccent": "Kiswahili kizuri: ng'ombe, café, 你好"})

    tries = list(WebhookAttempt.objects.order_by("id").select_related("delivery__event"))
    assert [one.status for one in tries] == [204] * 5
    assert [node.said() for _ in tries] == [
        {"verified": True, "id": f"evt_{one.delivery.event_id.hex}", "type": one.delivery.event.type}
        for one in tries
    ]


def test_node_refuses_what_was_signed_by_somebody_else(
    duka: UUID, sale: Callable[..., str], clock: VirtualClock, start_node: Callable[[str], NodeReceiver]
) -> None:
    node = start_node(new_secret())
    create_endpoint(merchant_id=duka, url=node.url, now=clock.now())

    sale()

    assert node.said()["verified"] is False
    assert httpx2.post(node.url, content=b"{}").status_code == 400
