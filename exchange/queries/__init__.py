"""What is answered: granted fields of one files, licences and records; comparisons, yes or no. No web in here."""
