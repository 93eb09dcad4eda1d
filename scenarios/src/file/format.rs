//! RON as this program reads and writes it.

use ron::extensions::Extensions;
use ron::ser::PrettyConfig;
use serde::Serialize;

/// Options that need not be said in each file: `Some(..)` and inner brackets may be left out.
pub(crate) fn options() -> ron::Options {
    ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME
            | Extensions::UNWRAP_NEWTYPES
            | Extensions::UNWRAP_VARIANT_NEWTYPES,
    )
}

/// A value for people, with every default written out. It reads back as the same value.
pub(crate) fn pretty<T: Serialize>(value: &T) -> String {
    let config = PrettyConfig::default().struct_names(false);
    let text = options().to_string_pretty(value, config);
    // `ron` guards variants called `None` against being taken for an option; where one stands, none can.
    text.expect("every value of a scenario can be written")
        .replace(": r#None,\n", ": None,\n")
}

/// A value in one line, the same on every machine: what hashes are made of.
pub(crate) fn canonical<T: Serialize>(value: &T) -> String {
    options()
        .to_string(value)
        .expect("every value of a scenario can be written")
}
