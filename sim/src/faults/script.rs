//! `Script`: an explicit schedule among the faults.

use alloc::vec::Vec;

use crate::address::FaultIndex;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::Rules;
use crate::schedule::Deviation;

/// Each line says for itself when it strikes and what it hits.
impl<M, O> Item<M, O> for Vec<Deviation> {
    fn name(&self) -> Option<&str> {
        None
    }

    fn when(&self) -> When {
        When::default()
    }

    /// Names are resolved where the schedule is followed.
    fn compile(
        &self,
        _: FaultIndex,
        _: &str,
        _: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        let script = rules.script.get_or_insert_default();
        script.extend(self.iter().cloned());
        Ok(())
    }
}
