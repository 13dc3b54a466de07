"""Rarewatch: rare-earth and trade news in three languages, pushed to Telegram."""
