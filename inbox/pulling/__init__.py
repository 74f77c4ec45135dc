"""What departments' systems hold is pulled from them and becomes deliveries in the inbox, like any other."""
