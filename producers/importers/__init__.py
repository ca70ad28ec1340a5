"""Program `duban import`: old logs (XES, CSV, Excel, NDJSON) become facts on `case-events`."""
