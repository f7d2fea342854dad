"""An action protocol played through before anybody depends on it. Nothing is sent."""
