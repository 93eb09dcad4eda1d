//! What Semel must be, tested from outside: the laws of the house, the catalog's expectations, determinism, and the
//! door. The tests are in files beside this one.
