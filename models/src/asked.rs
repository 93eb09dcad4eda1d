//! What patterns on messages and observations ask for, field by field.

use alloc::format;
use alloc::string::String;
use core::fmt;

use crate::observation::terms::{Hit, Miss, Outcome, Place, Read, TransactionId};

/// What a pattern asks for in one of its fields: a number, or something else, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// This number.
    Number(u64),
    /// Something that is no number from 0 on.
    Other(String),
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(out),
            Self::Other(word) => out.write_str(word),
        }
    }
}

macro_rules! numbers {
    ($($Number:ty)*) => {
        $(impl From<$Number> for Asked {
            fn from(number: $Number) -> Self {
                Self::Number(number.into())
            }
        })*
    };
}

numbers! { u16 u32 u64 }

macro_rules! words {
    ($($Word:ty)*) => {
        $(impl From<$Word> for Asked {
            fn from(word: $Word) -> Self {
                Self::Other(format!("{word:?}"))
            }
        })*
    };
}

words! { bool i64 Outcome Place Miss Hit Read }

impl From<TransactionId> for Asked {
    fn from(transaction: TransactionId) -> Self {
        let TransactionId { producer, number } = transaction;
        Self::Other(format!("{number} of producer {producer}"))
    }
}
