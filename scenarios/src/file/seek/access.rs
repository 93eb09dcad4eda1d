//! How a path is followed into lists, structs, maps and variants.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{FOUND, Seek, Stop};
use crate::file::path::Step;

/// The items of a list.
pub(super) struct Items<'p, A> {
    at: Seek<'p, A>,
    index: usize,
}

impl<'p, A> Items<'p, A> {
    pub(super) const fn new(at: Seek<'p, A>) -> Self {
        Self { at, index: 0 }
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        let index = self.index;
        self.index += 1;
        let seed = self.at.below(seed, |step| *step == Step::Index(index));
        self.at.inner.next_element_seed(seed)
    }
}

/// The fields of a struct, or the entries of a map.
pub(super) struct Fields<'p, A> {
    at: Seek<'p, A>,
    key: String,
}

impl<'p, A> Fields<'p, A> {
    pub(super) const fn new(at: Seek<'p, A>) -> Self {
        Self {
            at,
            key: String::new(),
        }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        self.key.clear();
        let found = self.at.inner.next_key_seed(Key {
            inner: seed,
            key: &mut self.key,
        })?;
        let below = self.at.below(
            (),
            |step| matches!(step, Step::Field(name) if *name == self.key),
        );
        if found.is_some() && below.is_here() && below.stop == Stop::Key {
            return Err(A::Error::custom(FOUND));
        }
        Ok(found)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        let seed = self.at.below(
            seed,
            |step| matches!(step, Step::Field(name) if *name == self.key),
        );
        self.at.inner.next_value_seed(seed)
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Seek<'_, T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<T::Value, D::Error> {
        let below = self.wrap(inner);
        self.inner.deserialize(below)
    }
}

impl<'de, 'p, A: EnumAccess<'de>> EnumAccess<'de> for Seek<'p, A> {
    type Error = A::Error;
    type Variant = Seek<'p, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let Self { inner, rest, stop } = self;
        let (name, inner) = inner.variant_seed(seed)?;
        Ok((name, Seek { inner, rest, stop }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Seek<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        let seed = self.wrap(seed);
        self.inner.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.wrap(visitor);
        self.inner.tuple_variant(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.wrap(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}

/// Listens in on a key.
struct Key<'k, X> {
    inner: X,
    key: &'k mut String,
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<T::Value, D::Error> {
        self.inner.deserialize(Key {
            inner,
            key: self.key,
        })
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Key<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_identifier(Key {
            inner: visitor,
            key: self.key,
        })
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_string(Key {
            inner: visitor,
            key: self.key,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Key<'_, V> {
    type Value = V::Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(out)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.key.push_str(text);
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.key.push_str(text);
        self.inner.visit_borrowed_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.key.push_str(&text);
        self.inner.visit_string(text)
    }
}
