"""Recurrent layers and what drops or speeds them up."""
