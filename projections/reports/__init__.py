"""Reports ready to send: one plain document of sections, tables and charts, in three forms."""
