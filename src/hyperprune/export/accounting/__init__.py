"""What an exported network weighs and computes, counted and written down."""
