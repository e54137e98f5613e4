"""What has to be in place before the first row is worked on."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """The event log; it also writes down which rows were parked."""

    name = "zemi.events"

    def ready(self) -> None:
        """Let the sweeps park rows with an event."""
        from zemi.common import work
        from zemi.events.parking import park

        work.park_by(park)
