"""What HQ asks of a device: where it is, how often it shall report, to vibrate."""
