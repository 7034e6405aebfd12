//! Clients, canaries and fault control for tests.
