"""Sink: from Kafka's topics to ClickHouse's tables, nothing lost and nothing twice."""
