"""Executors of a sweep: local processes and Ray, with retries."""
