"""How a shared table is handed out beside Delta Sharing: batches of files, rows in a recipient's database."""
