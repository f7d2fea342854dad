"""Wire protocols of devices: pure decoders, one file each; `docs/devices.md`."""
