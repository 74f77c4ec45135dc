"""How records flow: bronze, silver, quarantine, gold, publication. The only home of Spark and Delta."""
