"""What several commands share: options, streams, tables of text and the settings of the process."""
