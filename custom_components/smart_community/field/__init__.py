"""Radios and buses without Home Assistant: what a device says, with the time and quality of it."""
