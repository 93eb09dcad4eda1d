//! The judge, held against written histories and against a naive twin.

mod causes;
mod history;
mod naive;
mod neighbours;
mod oracles;
mod promises;
mod runs;
