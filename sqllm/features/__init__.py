"""Between encoder and training: audio tokens of a corpus, heard once and kept."""
