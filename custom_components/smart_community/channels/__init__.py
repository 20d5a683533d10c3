"""The ways to a person: one small file each, all of the shape of core.ports.Channel."""
