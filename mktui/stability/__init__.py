"""The network stability test: one scenario a file, a runner, a report. Reads no configuration, draws no screen."""
