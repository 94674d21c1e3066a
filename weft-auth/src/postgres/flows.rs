use std::time::SystemTime;

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bytea, Nullable, Text, Timestamptz};

use super::moment::Moment;
use super::row::{Columns, Read};
use super::statement::{Statement, purge};
use super::{Lend, PgError, PgResult, PgStore};
use crate::sso::{ConnectionId, OrganizationId, Pending, Target};
use crate::store::{Answer, FlowStore};
use crate::totp::seal::SealError;

/// What a verifier is sealed for; it has the length of the others.
const PURPOSE: &[u8] = b"weft-auth flow";

/// A flow with its verifier sealed.
struct Sealed {
    state_digest: [u8; 32],
    verifier: Vec<u8>,
    target: Target,
    started: SystemTime,
}

impl<L: Lend> FlowStore for PgStore<L> {
    async fn keep_flow(&self, flow: &Pending) -> Answer<(), Self> {
        let kept = Statement::new(
            "INSERT INTO auth_flows (state_digest, sealed_verifier, organization, connection, started_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING 1 AS kept",
        );
        let (digest, target) = (flow.state_digest(), flow.target());
        let verifier = flow.expose_verifier().as_bytes();
        let bound = bound(&digest, target);
        let sealed = self.keys.seal_bytes(verifier, (PURPOSE, &bound));
        let connection = target.connection_id().map(|id| id.as_str().to_owned());
        let kept = kept
            .bind::<Bytea, _>(digest.to_vec())
            .bind::<Bytea, _>(sealed.map_err(PgError::Seal)?)
            .bind::<Text, _>(target.organization_id().as_str().to_owned())
            .bind::<Nullable<Text>, _>(connection)
            .bind::<Timestamptz, Moment>(flow.started().into());
        self.any(kept).await.map(drop)
    }

    async fn consume_flow(&self, state_digest: &[u8; 32]) -> Answer<Option<Pending>, Self> {
        let consumed =
            Statement::new("DELETE FROM auth_flows WHERE state_digest = $1 RETURNING auth_flows.*");
        let consumed = consumed.bind::<Bytea, _>(state_digest.to_vec());
        let flow = self.first(consumed).await?;
        flow.map(|sealed| self.unseal(sealed)).transpose()
    }

    async fn purge_flows(&self, started_before: SystemTime, most: u32) -> Answer<u64, Self> {
        let purged = Statement::new(purge!(
            "auth_flows",
            "state_digest",
            "started_at < $1",
            "$2"
        ));
        let purged = purged
            .bind::<Timestamptz, Moment>(started_before.into())
            .bind::<BigInt, _>(i64::from(most));
        self.count(purged).await
    }
}

impl<L: Lend> PgStore<L> {
    fn unseal(&self, sealed: Sealed) -> PgResult<Pending, L> {
        let bound = bound(&sealed.state_digest, &sealed.target);
        let verifier = self.keys.open_bytes(&sealed.verifier, (PURPOSE, &bound));
        let verifier = verifier.map_err(PgError::Seal)?;
        let verifier = str::from_utf8(&verifier);
        let verifier = verifier.map_err(|_| PgError::Seal(SealError::NotForThisUser))?;
        let Sealed {
            state_digest,
            target,
            started,
            ..
        } = sealed;
        Ok(Pending::restore(
            state_digest,
            verifier.to_owned(),
            target,
            started,
        ))
    }
}

/// What a verifier is bound to: whoever writes to the table sends nobody to another organisation.
fn bound(state_digest: &[u8; 32], target: &Target) -> Vec<u8> {
    let connection = target.connection_id().map_or("", ConnectionId::as_str);
    let organization = target.organization_id().as_str();
    [
        &state_digest[..],
        organization.as_bytes(),
        b"\0",
        connection.as_bytes(),
    ]
    .concat()
}

impl Read for Sealed {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Sealed> {
        let organization = OrganizationId::new(row.text("organization")?)?;
        let connection = row.option::<Text, String>("connection")?;
        Ok(Sealed {
            state_digest: row.digest("state_digest")?,
            verifier: row.bytes("sealed_verifier")?,
            target: match connection {
                Some(id) => Target::connection(ConnectionId::new(id)?, organization),
                None => Target::organization(organization),
            },
            started: row.time("started_at")?,
        })
    }
}
