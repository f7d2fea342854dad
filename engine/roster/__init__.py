"""Who there is: defenders, colleagues, contacts, operators, devices, the duty rota."""
