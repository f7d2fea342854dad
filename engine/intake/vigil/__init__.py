"""Keeps vigil over what does not come: devices that have gone silent."""
