//! A Gitea-compatible forge in memory on a real socket.
