"""How one mktui is asked by another: a Unix socket, a line of JSON each way."""
