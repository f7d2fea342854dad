"""GSM modems and SMS: codecs, AT dialogue, driver, and the virtual modem."""
