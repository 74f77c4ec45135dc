"""What goes wrong in life, planted at stated rates and written down, so that receipts can be held against it."""
