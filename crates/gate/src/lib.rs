//! Who are you, may you, how often, write it down, what may leave.
