//! How rows spell what is spelled otherwise in files, or not by its own type.

/// `connection` or `datagram`.
pub(crate) mod transport {
    use semel_sim::net::Transport;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Files write it with a capital.
    #[derive(Serialize, Deserialize)]
    #[serde(remote = "Transport", rename_all = "lowercase")]
    enum Spelled {
        Connection,
        Datagram,
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(crate) fn serialize<S: Serializer>(
        transport: &Transport,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Spelled::serialize(transport, serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Transport, D::Error> {
        Spelled::deserialize(deserializer)
    }
}

/// An assumption as files write it, in a string: `NoPowerLoss`, `Within("5min")`.
pub(crate) mod assumption {
    use semel_models::strategy::Assumption;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::file::format;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(crate) fn serialize<S: Serializer>(
        assumption: &Option<Assumption>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let spelled = assumption.as_ref().map(format::canonical);
        spelled.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Assumption>, D::Error> {
        let spelled = Option::<String>::deserialize(deserializer)?;
        let read = |text: String| format::options().from_str(&text).map_err(D::Error::custom);
        spelled.map(read).transpose()
    }
}

/// A word out of a closed list, in a string, where there is one: files would write a bare name.
pub(crate) mod word {
    use std::borrow::Cow;
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub(crate) fn serialize<T: Display, S: Serializer>(
        word: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        word.as_ref().map(ToString::to_string).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        let unknown = |word: &str| D::Error::custom(format!("there is no `{word}` of this kind"));
        let read = |word: Cow<'de, str>| word.parse().map_err(|_| unknown(&word));
        text.map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use crate::outcome::row::ViolationRow;

    /// Rows of earlier versions are read, and written as they were.
    #[test]
    fn a_row_reads_back_as_it_was_written() {
        for earlier in [
            r#"{"invariant":"no_duplicate","level":"log","promised":true,"assumption_broken":null,"record":17,"side":"inbound","cause":"D2","at_ns":344000000}"#,
            r#"{"invariant":"no_duplicate","level":"effect","promised":true,"assumption_broken":"Within(\"5min\")","record":3,"side":"outbound","cause":"D11","at_ns":5}"#,
            r#"{"invariant":"same_state","level":"effect","promised":false,"waived":true,"assumption_broken":"NoPowerLoss","record":null,"side":"outbound","cause":"other","at_ns":0}"#,
        ] {
            let row: ViolationRow = serde_json::from_str(earlier).expect("it is a row");
            let again = serde_json::to_string(&row).expect("it can be written");
            assert_eq!(again, earlier);
        }
        let unknown = r#"{"invariant":"no_loss","level":"log","promised":true,"assumption_broken":null,"record":1,"side":"inbound","cause":"L12","at_ns":0}"#;
        assert!(serde_json::from_str::<ViolationRow>(unknown).is_err());
    }
}
