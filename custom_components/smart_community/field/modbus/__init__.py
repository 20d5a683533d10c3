"""Modbus: one file per device family, and the poller that asks them."""
