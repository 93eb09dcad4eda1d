//! Hashing where things are made.

/// Hashes an enum as `derive` would: which variant it is, then its fields, all of which are named here. But it does so
/// where it is called: there the variant is known, and with it all that is to be done.
macro_rules! hashed {
    ($Name:ident { $($variant:ident $({ $($field:ident)* })? $(($inner:ident))?)* }) => {
        impl core::hash::Hash for $Name {
            // Of a known variant, little is left to do.
            #[inline(always)]
            fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
                core::mem::discriminant(self).hash(state);
                match self {
                    $(Self::$variant $({ $($field),* })? $(($inner))? => {
                        $($($field.hash(state);)*)?
                        $($inner.hash(state);)?
                    })*
                }
            }
        }
    };
}
