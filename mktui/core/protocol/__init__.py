"""Bytes <-> sentences of the RouterOS API. No I/O, no clock; shared with the simulator, the protocol's other side."""
