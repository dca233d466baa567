"""The attendance dialect of the machines: handshake, polls, uploads."""
