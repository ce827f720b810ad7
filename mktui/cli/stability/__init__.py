"""How a stability test is shown on a command line."""
