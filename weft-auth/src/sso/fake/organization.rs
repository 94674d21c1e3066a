use http::{Request, Response};
use serde_json::{Value, json};

use super::answer::{error, json_answer};
use super::state::{OwnDomain, OwnOrganization, State};
use crate::sso::{DomainProof, Timestamp};

impl State {
    pub(super) fn organization(&mut self, id: &str) -> Option<&mut OwnOrganization> {
        self.organizations.iter_mut().find(|one| one.id == id)
    }

    /// Says how far an organisation's proof of a domain is. One that is withdrawn is gone.
    pub(super) fn set_domain(&mut self, organization: &str, name: &str, proof: DomainProof) {
        self.tick();
        let updated_at = self.now;
        let Some(own) = self.organization(organization) else {
            return;
        };
        own.domains.retain(|domain| domain.name != name);
        if proof != DomainProof::Withdrawn {
            own.domains.push(OwnDomain {
                name: name.to_owned(),
                proof,
                updated_at,
            });
        }
    }
}

/// `POST /organizations`. What has one already gets no second one.
pub(super) fn create(state: &mut State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let Some(name) = asked["name"].as_str().filter(|name| !name.is_empty()) else {
        return error(422, "name_required");
    };
    let external_id = asked["external_id"].as_str().map(str::to_owned);
    let mut known = state.organizations.iter();
    if external_id.is_some() && known.any(|one| one.external_id == external_id) {
        return error(400, "external_id_already_used");
    }
    let made = OwnOrganization {
        id: state.next("org"),
        name: name.to_owned(),
        external_id,
        domains: Vec::new(),
    };
    let described = describe(&made);
    state.organizations.push(made);
    json_answer(201, &described)
}

/// `GET /organizations/{id}`, and by the external id.
pub(super) fn get(state: &State, is_it: impl Fn(&OwnOrganization) -> bool) -> Response<Vec<u8>> {
    match state.organizations.iter().find(|one| is_it(one)) {
        Some(found) => json_answer(200, &describe(found)),
        None => error(404, "entity_not_found"),
    }
}

fn describe(one: &OwnOrganization) -> Value {
    let domain = |domain: &OwnDomain| {
        json!({
            "object": "organization_domain",
            "organization_id": one.id,
            "domain": domain.name,
            "state": domain.proof.name(),
            "verification_strategy": "dns",
            "updated_at": Timestamp::of(domain.updated_at).as_str(),
        })
    };
    json!({
        "object": "organization",
        "id": one.id,
        "name": one.name,
        "external_id": one.external_id,
        "domains": one.domains.iter().map(domain).collect::<Vec<_>>(),
    })
}
