"""One case, from raised to closed: pure decisions and the actors that run them."""
