"""Decides, and does nothing else: standard library only, no clock, no I/O, no Home Assistant.

Time and ids are arguments. The shell in engine/ stores what is decided here and then acts on it.
"""
