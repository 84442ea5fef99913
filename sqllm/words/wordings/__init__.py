"""Wording tables: what listening tests call things. Words only, no rules."""
