"""What was heard, for people (`table`) and for programs (`records`)."""
