"""Real servers on loopback that stand for the world: mail, webhook, Mastodon."""
