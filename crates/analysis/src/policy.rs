//! From model and requirements to the policy that the gateway enforces.

use sekimori_policy as enforced;

use crate::analysis::Analysis;
use crate::model::{Flow, Model, Sequence};
use crate::system::{System, is_bounded};
use crate::vocabulary::vocabulary;

pub(crate) mod peers;
pub(crate) mod rules;

vocabulary! {
    /// Which test of a clause enforces a requirement.
    Aspect {
        /// That the clause is there and no other: nothing else may be sent or received.
        Authorize = "authorize",
        /// Schema and range.
        Content = "content",
        /// Rate.
        Rate = "rate",
        /// Sequence.
        Sequence = "sequence",
    }
}

impl Aspect {
    /// Whether a flow, as its clause for `role` has it, has this test.
    pub(crate) fn is_in(self, flow: &Flow, role: &str) -> bool {
        match self {
            Aspect::Authorize => true,
            Aspect::Content => is_bounded(flow),
            Aspect::Rate => flow.from == role && flow.rate.is_some(),
            Aspect::Sequence => flow.sequence == Sequence::Required,
        }
    }
}

/// Which test of a clause enforces a countermeasure; [`None`] when it is enforced elsewhere.
pub fn aspect(measure: &str) -> Option<Aspect> {
    match measure {
        "CM-ACL" | "CM-DESTALERT" | "CM-NETBLOCK" => Some(Aspect::Authorize),
        "CM-RANGE" => Some(Aspect::Content),
        "CM-RATE" => Some(Aspect::Rate),
        "CM-REPLAY" => Some(Aspect::Sequence),
        _ => None,
    }
}

/// The policy of a model: one role for each device component, one clause for each flow that the gateway
/// decides about. Each clause names the requirements of `analysis` that it enforces.
///
/// # Panics
///
/// When a schema of the model is none; [`parse`](crate::model::parse) lets no such model through.
pub fn generate(model: &Model, analysis: &Analysis, version: u64) -> enforced::Policy {
    let system = System::new(model);
    let roles = crate::choose::devices(model).map(|role| {
        let clause = |(id, flow): &(&str, &Flow)| clause(analysis, role, id, flow);
        let flows = || {
            let flows = system.flows_of(role).iter();
            flows.filter(|(id, _)| system.way(id).enforced)
        };
        enforced::Role {
            id: role.clone(),
            publish: flows()
                .filter(|(_, flow)| flow.from == *role)
                .map(clause)
                .collect(),
            subscribe: flows()
                .filter(|(_, flow)| flow.to == *role)
                .map(clause)
                .collect(),
            peers: peers::of_role(&system, role, &analysis.requirements),
        }
    });
    enforced::Policy {
        version,
        model_id: model.id.clone(),
        roles: roles.collect(),
        conduct: rules::conduct(model, &analysis.requirements),
    }
}

fn clause(analysis: &Analysis, role: &str, id: &str, flow: &Flow) -> enforced::Clause {
    let names = analysis.requirements.iter().filter(|requirement| {
        let mut clauses = requirement.clauses.iter();
        clauses.any(|clause| clause.role == role && clause.flow == id)
    });
    enforced::Clause {
        flow: id.to_owned(),
        requirement: names.map(|requirement| requirement.id.clone()).collect(),
        schema: flow.schema.as_ref().map(|schema| {
            enforced::Schema::parse(&schema.to_string())
                .expect("model::parse lets only schemas through that compile")
        }),
        range: flow.range.clone(),
        rate: flow.rate.map(|rate| enforced::Rate {
            messages: rate.messages,
            per_seconds: rate.per_seconds,
            backlog: rate.backlog,
        }),
        max_bytes: flow.max_bytes,
        sequence: match flow.sequence {
            Sequence::Required => enforced::Sequence::Required,
            Sequence::None => enforced::Sequence::None,
        },
    }
}
