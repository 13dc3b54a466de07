"""What a person says to the bot, and what it answers."""
