"""The JSON API and the stream of alerts, mounted in the dashboard's process."""
