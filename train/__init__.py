"""Recipes: thin commands with their settings."""
