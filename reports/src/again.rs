//! How a run is repeated, where no token can say it: by the whole command.

use semel_scenarios::file::setting::Setting;

/// The command that runs a scenario, by the name or path that is given, once more.
pub fn command(given: &str, strategy: &str, seed: u64, settings: &[Setting]) -> String {
    let (given, strategy) = (quoted(given), quoted(strategy));
    let run = format!("semel run {given} --strategy {strategy} --seed {seed}");
    let set = settings
        .iter()
        .map(|one| format!(" --set {}", quoted(&format!("{}={}", one.path, one.value))));
    run + &set.collect::<String>()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("workload.records=5"), "workload.records=5");
        assert_eq!(quoted("faults[drop].rate=1/5"), "'faults[drop].rate=1/5'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
