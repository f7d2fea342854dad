"""The actor that owns a modem."""
