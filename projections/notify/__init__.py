"""Who hears what: signed webhooks and messengers, at least once, by the alert's own id."""
