"""The listeners: sockets in, decoded reports out."""
