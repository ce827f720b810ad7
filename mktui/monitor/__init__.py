"""What happened, and the one frozen picture of it that every front end renders."""
