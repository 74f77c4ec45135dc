"""What a home made of a city's deliveries, held against the city's truth."""
