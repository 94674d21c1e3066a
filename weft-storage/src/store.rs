//! What a store can do, of what this crate asks for.

/// The software or the provider behind a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Store {
    /// Amazon S3.
    Aws,
    /// Cloudflare R2.
    CloudflareR2,
    /// Hetzner Object Storage, which is Ceph.
    Hetzner,
    /// OVHcloud Object Storage.
    Ovh,
    /// Scaleway Object Storage.
    Scaleway,
    /// A Ceph Object Gateway of one's own.
    Ceph,
    /// Garage.
    Garage,
    /// A store that comes with an application and seals what it keeps.
    Embedded,
}

impl Store {
    /// Whether a key whose object was deleted is not taken again, for as long as anything that was signed for
    /// it is good. With the others, whoever has leave to upload can bring another object there.
    pub const fn takes_keys_once(self) -> bool {
        matches!(self, Store::Embedded)
    }

    /// Whether it takes uploads under a policy (POST).
    pub const fn takes_policies(self) -> bool {
        !matches!(self, Store::CloudflareR2)
    }

    /// Whether it encrypts under a key that the request names (SSE-KMS), so that a tenant can have its
    /// own. Ceph does where its operator has set up Vault or another key store.
    pub const fn takes_kms_keys(self) -> bool {
        matches!(self, Store::Aws | Store::Ceph)
    }

    /// Whether the header for provider encryption (SSE-S3) means something there. The others encrypt at
    /// rest unasked, or not at all, and a header would only look like a promise (GHSA-xrrf-67jm-3c2r).
    pub const fn takes_provider_encryption(self) -> bool {
        matches!(self, Store::Aws | Store::Ovh | Store::Ceph)
    }

    /// Whether it refuses a PUT where there is an object already, by `If-None-Match: *`, as far as its
    /// documentation says.
    pub const fn refuses_overwriting(self) -> bool {
        matches!(
            self,
            Store::Aws
                | Store::CloudflareR2
                | Store::Ovh
                | Store::Scaleway
                | Store::Ceph
                | Store::Embedded
        )
    }
}
