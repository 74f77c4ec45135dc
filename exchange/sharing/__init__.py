"""Delta Sharing: granted tables in bulk, read from what the pipelines projected; nothing is filtered here."""
