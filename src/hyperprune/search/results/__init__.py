"""What a search leaves behind: its folder, its result, and how to open them."""
