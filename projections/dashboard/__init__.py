"""What managers see: overview, cases, one case, alerts. Chinese first, live, no outside request."""
