//! Links: whether anything is ever sent on those that a fault names by both ends.

use semel_sim::faults::Names;

use crate::file::scenario::Fault;

/// The roles that speak with each other.
const SPEAK: [(&str, &str); 4] = [
    ("producer", "broker"),
    ("broker", "broker"),
    ("broker", "consumer"),
    ("consumer", "sink"),
];

/// Why a fault hits no link that anything is ever sent on, if so.
pub(super) fn mute(fault: &Fault, nodes: &[String]) -> Option<String> {
    let (one, other) = ends(fault)?;
    let (ones, others) = (roles(one, nodes)?, roles(other, nodes)?);
    let speak = |a, b| SPEAK.contains(&(a, b)) || SPEAK.contains(&(b, a));
    let spoken = ones.iter().any(|a| others.iter().any(|b| speak(a, b)));
    (!spoken).then(|| format!("nothing is ever sent between `{one}` and `{other}`"))
}

/// Between which nodes, or roles, it strikes, if it says both.
fn ends(fault: &Fault) -> Option<(&String, &String)> {
    match fault {
        Fault::Isolate(cut) => Some((&cut.node, cut.from.as_ref()?)),
        Fault::SlowLink(link) => Some((link.from.as_ref()?, link.to.as_ref()?)),
        Fault::Burst(burst) => Some((burst.from.as_ref()?, burst.to.as_ref()?)),
        fault => {
            let hit = fault.as_packet()?;
            Some((hit.from?, hit.to?))
        }
    }
}

/// The roles of the nodes that are called so. None: nobody is, which is said elsewhere.
fn roles<'n>(name: &str, nodes: &'n [String]) -> Option<Vec<&'n str>> {
    let found = Names(nodes).find(name, "node").ok()?;
    let role = |name: &'n String| {
        name.rsplit_once('-')
            .map_or(name.as_str(), |(role, _)| role)
    };
    let called = found
        .nodes(nodes.len())
        .map(|node| role(&nodes[usize::from(node.0)]));
    Some(called.collect())
}
