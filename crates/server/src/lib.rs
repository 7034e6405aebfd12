//! Command line, configuration, transports: the binary aegis-mcp.
