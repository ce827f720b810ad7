"""The configuration file: model, load, presets."""
