//! Where in a text a path leads: the text is deserialised by `ron` through a wrapper that fails at that path, so that
//! `ron` itself, and no second parser, says where that is.
//!
//! Everything passes through unchanged except that fields and items are counted against the path. Variants, options
//! and newtypes are no steps of a path, so they pass it on.

mod access;

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use crate::file::format::options;
use crate::file::path::{Path, Step};

use access::{Fields, Items};

/// Which end of the value to stop at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    Key,
    Start,
    End,
}

/// The bytes of the value at `path` in the RON text of a `T`.
pub(crate) fn value<'de, T: Deserialize<'de>>(text: &'de str, path: &Path) -> Option<Range<usize>> {
    Some(offset::<T>(text, path, Stop::Start)?..offset::<T>(text, path, Stop::End)?)
}

/// The first token of the value at `path`, or of the innermost value around it that the text has.
pub(crate) fn token<'de, T: Deserialize<'de>>(text: &'de str, path: &Path) -> Range<usize> {
    let mut path = path.clone();
    loop {
        if let Some(start) = offset::<T>(text, &path, Stop::Start) {
            return start..token_end(text, start);
        }
        match path.parent() {
            Some(parent) => path = parent,
            None => return 0..0,
        }
    }
}

/// The bytes of the key at `path`.
pub(crate) fn key<'de, T: Deserialize<'de>>(text: &'de str, path: &Path) -> Option<Range<usize>> {
    let end = offset::<T>(text, path, Stop::Key)?;
    let Some(Step::Field(name)) = path.0.last() else {
        return None;
    };
    let start = text[..end].rfind(name.as_str())?;
    Some(start..start + name.len())
}

/// Where the token ends that begins at `start`: a word, a number, a string, or one character.
pub(crate) fn token_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let end = if let Some(string) = rest.strip_prefix('"') {
        string.find('"').map_or(1, |end| end + 2)
    } else {
        let word =
            |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '+');
        rest.find(|letter| !word(letter)).unwrap_or(rest.len())
    };
    let first = rest.chars().next().map_or(0, char::len_utf8);
    start + end.max(first)
}

/// A value as `ron` reads it when nobody asks for a type: whether a text is one complete value.
pub(crate) fn is_value(text: &str) -> bool {
    options().from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn offset<'de, T: Deserialize<'de>>(text: &'de str, path: &Path, stop: Stop) -> Option<usize> {
    let mut ron = ron::Deserializer::from_str_with_options(text, &options()).ok()?;
    let result = T::deserialize(Seek {
        inner: &mut ron,
        rest: Some(&path.0),
        stop,
    });
    let found = matches!(result, Err(ron::Error::Message(text)) if text == FOUND);
    found.then(|| text.len() - ron.remainder().len())
}

const FOUND: &str = "the path leads here";

/// Something of serde's, and what is left of the path at its place; none once it is off the path.
struct Seek<'p, X> {
    inner: X,
    rest: Option<&'p [Step]>,
    stop: Stop,
}

impl<'p, X> Seek<'p, X> {
    fn wrap<Y>(&self, inner: Y) -> Seek<'p, Y> {
        Seek {
            inner,
            rest: self.rest,
            stop: self.stop,
        }
    }

    /// What is left of the path below a step; none if it does not go there.
    fn below<Y>(&self, inner: Y, here: impl Fn(&Step) -> bool) -> Seek<'p, Y> {
        let rest = self.rest.and_then(|rest| rest.split_first());
        let rest = rest.filter(|(step, _)| here(step)).map(|(_, below)| below);
        Seek {
            inner,
            rest,
            stop: self.stop,
        }
    }

    fn is_here(&self) -> bool {
        self.rest.is_some_and(<[Step]>::is_empty)
    }

    /// Hands a visitor on, unless this is the place.
    fn go<'de, V: Visitor<'de>, E: Error>(
        self,
        visitor: V,
        next: impl FnOnce(X, Seek<'p, V>) -> Result<V::Value, E>,
    ) -> Result<V::Value, E> {
        let here = self.is_here();
        if here && self.stop == Stop::Start {
            return Err(E::custom(FOUND));
        }
        let rest = if here { None } else { self.rest };
        let value = next(
            self.inner,
            Seek {
                inner: visitor,
                rest,
                stop: self.stop,
            },
        )?;
        if here && self.stop == Stop::End {
            Err(E::custom(FOUND))
        } else {
            Ok(value)
        }
    }
}

macro_rules! forward {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.go(visitor, |inner, visitor| inner.$method($($argument,)* visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Seek<'_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(length: usize);
        deserialize_tuple_struct(name: &'static str, length: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

macro_rules! visit {
    ($($method:ident: $kind:ty;)*) => {
        $(fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Seek<'_, V> {
    type Value = V::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(out)
    }

    visit! {
        visit_bool: bool;
        visit_i64: i64;
        visit_u64: u64;
        visit_f64: f64;
        visit_char: char;
        visit_str: &str;
        visit_borrowed_str: &'de str;
        visit_string: String;
        visit_bytes: &[u8];
        visit_borrowed_bytes: &'de [u8];
        visit_byte_buf: Vec<u8>;
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let below = self.wrap(inner);
        self.inner.visit_some(below)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let below = self.wrap(inner);
        self.inner.visit_newtype_struct(below)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let items = Items::new(self.wrap(inner));
        self.inner.visit_seq(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let fields = Fields::new(self.wrap(inner));
        self.inner.visit_map(fields)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let variant = self.wrap(inner);
        self.inner.visit_enum(variant)
    }
}
