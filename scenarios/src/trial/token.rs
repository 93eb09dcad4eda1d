//! Tokens: one line that repeats a run, `semel1:lost-ack:9f3c2a71:idempotent-producer:4127`.

use std::fmt;
use std::str::FromStr;

/// Names a run of a catalog scenario: plan, strategy, seed, and afterwards its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The scenario's name.
    pub scenario: String,
    /// The plan: 8 hex digits.
    pub plan: String,
    /// The strategy's name.
    pub strategy: String,
    /// The seed.
    pub seed: u64,
    /// The first 8 hex digits of the run's digest, once it is known.
    pub digest: Option<String>,
}

/// What every token begins with: the program and the version of the format.
pub const VERSION: &str = "semel1";

impl Token {
    /// The same token with the digest of the run (16 hex digits, or the first 8).
    pub fn with_digest(mut self, digest: &str) -> Self {
        self.digest = Some(digest.chars().take(8).collect());
        self
    }
}

impl fmt::Display for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scenario,
            plan,
            strategy,
            seed,
            digest,
        } = self;
        write!(out, "{VERSION}:{scenario}:{plan}:{strategy}:{seed}")?;
        digest
            .as_ref()
            .map_or(Ok(()), |digest| write!(out, ":{digest}"))
    }
}

impl FromStr for Token {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(':').collect();
        let example = "a token looks like `semel1:lost-ack:9f3c2a71:idempotent-producer:4127`";
        let (scenario, plan, strategy, seed, digest) = match parts[..] {
            [VERSION, scenario, plan, strategy, seed] => (scenario, plan, strategy, seed, None),
            [VERSION, scenario, plan, strategy, seed, digest] => {
                (scenario, plan, strategy, seed, Some(digest))
            }
            [version, ..] if version != VERSION && version.starts_with("semel") => {
                return Err(format!(
                    "a token of version `{version}`; this program reads `{VERSION}`"
                ));
            }
            _ => return Err(format!("`{text}` is not a token: {example}")),
        };
        let hex = |part: &str| {
            part.len() == 8
                && part
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        if !hex(plan) {
            return Err(format!(
                "the plan `{plan}` in the token is not 8 hex digits: {example}"
            ));
        }
        if let Some(digest) = digest.filter(|digest| !hex(digest)) {
            return Err(format!(
                "the digest `{digest}` in the token is not 8 hex digits"
            ));
        }
        let seed = seed.parse().map_err(|_| {
            format!("the seed `{seed}` in the token is not a whole number: {example}")
        })?;
        Ok(Self {
            scenario: scenario.into(),
            plan: plan.into(),
            strategy: strategy.into(),
            seed,
            digest: digest.map(Into::into),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_as_it_prints() {
        for text in [
            "semel1:lost-ack:9f3c2a71:idempotent-producer:4127",
            "semel1:lost-ack:9f3c2a71:idempotent-producer:4127:c1d0a97e",
        ] {
            assert_eq!(text.parse::<Token>().unwrap().to_string(), text);
        }
        let token: Token = "semel1:lost-ack:9f3c2a71:a:1".parse().unwrap();
        assert_eq!(
            token.with_digest("c1d0a97e55aa0b13").to_string(),
            "semel1:lost-ack:9f3c2a71:a:1:c1d0a97e"
        );
    }

    #[test]
    fn what_is_no_token_is_told_so() {
        for (text, said) in [
            ("lost-ack", "is not a token"),
            ("semel2:lost-ack:9f3c2a71:a:1", "of version `semel2`"),
            ("semel1:lost-ack:9f3c:a:1", "not 8 hex digits"),
            ("semel1:lost-ack:9f3c2a71:a:one", "not a whole number"),
            ("semel1:lost-ack:9f3c2a71:a:1:xyz", "digest `xyz`"),
        ] {
            let error = text.parse::<Token>().unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
