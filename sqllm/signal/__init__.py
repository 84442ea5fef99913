"""Waveforms: decoding, level, windows, alignment, spectra, spans and pictures."""
