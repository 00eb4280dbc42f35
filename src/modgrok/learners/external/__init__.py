"""Runs whose training takes place in another program and is recorded with `modgrok.log`."""
