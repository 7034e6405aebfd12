//! The catalogue, one file a tool.
