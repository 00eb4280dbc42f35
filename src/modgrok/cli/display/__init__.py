"""What commands print: progress on stderr, results and advice on stdout."""
