"""The HTTP door for hall systems: events in, acknowledged by the broker or not at all."""
