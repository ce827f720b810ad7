"""A RouterOS that is not there: the protocol's other side, in memory."""
