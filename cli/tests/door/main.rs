//! The door from outside: what the binary answers to a command line, and with which exit code.

mod binary;
mod commands;
mod compare;
mod hostile;
mod readme;
mod report;
mod sweeps;
