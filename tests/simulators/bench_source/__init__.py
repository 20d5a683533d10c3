"""Detectors of no radio, for the bench: their states are in a file, and change at a call.

A restart finds them as the file says, as a wired detector is found: still in alarm.
"""
