//! Where data may be: a closed list, so that a region is never a text from outside.

use std::fmt;

use crate::store::Store;

/// Under whose law data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Jurisdiction {
    /// A member state of the European Union.
    Eu,
    /// The United Kingdom.
    Uk,
    /// Switzerland.
    Ch,
    /// The United States.
    Us,
    /// Canada.
    Ca,
    /// Japan.
    Jp,
    /// Singapore.
    Sg,
    /// Australia.
    Au,
    /// Wherever this machine is: its operator says.
    Local,
}

macro_rules! regions {
    ($($(#[$doc:meta])* $region:ident = $name:literal, $store:ident, $jurisdiction:ident, $endpoint:literal;)*) => {
        /// A region of a provider's, with the address that it is reached at.
        ///
        /// # Security
        /// The region is in what is signed: a store elsewhere refuses it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Region {
            $($(#[$doc])* $region,)*
        }

        impl Region {
            /// All of them.
            pub const ALL: &[Region] = &[$(Region::$region),*];

            /// Its name, as it is signed.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Region::$region => $name,)*
                }
            }

            /// Whose it is.
            pub const fn store(self) -> Store {
                match self {
                    $(Region::$region => Store::$store,)*
                }
            }

            /// Where it is.
            pub const fn jurisdiction(self) -> Jurisdiction {
                match self {
                    $(Region::$region => Jurisdiction::$jurisdiction,)*
                }
            }

            /// The host of its endpoint.
            pub const fn host(self) -> &'static str {
                match self {
                    $(Region::$region => $endpoint,)*
                }
            }
        }
    };
}

regions! {
    /// AWS, Frankfurt.
    AwsEuCentral1 = "eu-central-1", Aws, Eu, "s3.eu-central-1.amazonaws.com";
    /// AWS, Ireland.
    AwsEuWest1 = "eu-west-1", Aws, Eu, "s3.eu-west-1.amazonaws.com";
    /// AWS, London.
    AwsEuWest2 = "eu-west-2", Aws, Uk, "s3.eu-west-2.amazonaws.com";
    /// AWS, Paris.
    AwsEuWest3 = "eu-west-3", Aws, Eu, "s3.eu-west-3.amazonaws.com";
    /// AWS, Stockholm.
    AwsEuNorth1 = "eu-north-1", Aws, Eu, "s3.eu-north-1.amazonaws.com";
    /// AWS, Milan.
    AwsEuSouth1 = "eu-south-1", Aws, Eu, "s3.eu-south-1.amazonaws.com";
    /// AWS, Spain.
    AwsEuSouth2 = "eu-south-2", Aws, Eu, "s3.eu-south-2.amazonaws.com";
    /// AWS, Zurich.
    AwsEuCentral2 = "eu-central-2", Aws, Ch, "s3.eu-central-2.amazonaws.com";
    /// AWS, Virginia.
    AwsUsEast1 = "us-east-1", Aws, Us, "s3.us-east-1.amazonaws.com";
    /// AWS, Ohio.
    AwsUsEast2 = "us-east-2", Aws, Us, "s3.us-east-2.amazonaws.com";
    /// AWS, Oregon.
    AwsUsWest2 = "us-west-2", Aws, Us, "s3.us-west-2.amazonaws.com";
    /// AWS, Montreal.
    AwsCaCentral1 = "ca-central-1", Aws, Ca, "s3.ca-central-1.amazonaws.com";
    /// AWS, Tokyo.
    AwsApNortheast1 = "ap-northeast-1", Aws, Jp, "s3.ap-northeast-1.amazonaws.com";
    /// AWS, Singapore.
    AwsApSoutheast1 = "ap-southeast-1", Aws, Sg, "s3.ap-southeast-1.amazonaws.com";
    /// AWS, Sydney.
    AwsApSoutheast2 = "ap-southeast-2", Aws, Au, "s3.ap-southeast-2.amazonaws.com";
    /// Hetzner, Falkenstein.
    HetznerFsn1 = "fsn1", Hetzner, Eu, "fsn1.your-objectstorage.com";
    /// Hetzner, Nuremberg.
    HetznerNbg1 = "nbg1", Hetzner, Eu, "nbg1.your-objectstorage.com";
    /// Hetzner, Helsinki.
    HetznerHel1 = "hel1", Hetzner, Eu, "hel1.your-objectstorage.com";
    /// OVHcloud, Gravelines.
    OvhGra = "gra", Ovh, Eu, "s3.gra.io.cloud.ovh.net";
    /// OVHcloud, Roubaix.
    OvhRbx = "rbx", Ovh, Eu, "s3.rbx.io.cloud.ovh.net";
    /// OVHcloud, Strasbourg.
    OvhSbg = "sbg", Ovh, Eu, "s3.sbg.io.cloud.ovh.net";
    /// OVHcloud, Frankfurt.
    OvhDe = "de", Ovh, Eu, "s3.de.io.cloud.ovh.net";
    /// OVHcloud, Warsaw.
    OvhWaw = "waw", Ovh, Eu, "s3.waw.io.cloud.ovh.net";
    /// OVHcloud, London.
    OvhUk = "uk", Ovh, Uk, "s3.uk.io.cloud.ovh.net";
    /// Scaleway, Paris.
    ScalewayFrPar = "fr-par", Scaleway, Eu, "s3.fr-par.scw.cloud";
    /// Scaleway, Amsterdam.
    ScalewayNlAms = "nl-ams", Scaleway, Eu, "s3.nl-ams.scw.cloud";
    /// Scaleway, Warsaw.
    ScalewayPlWaw = "pl-waw", Scaleway, Eu, "s3.pl-waw.scw.cloud";
}

impl fmt::Display for Jurisdiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Jurisdiction::Eu => "the European Union",
            Jurisdiction::Uk => "the United Kingdom",
            Jurisdiction::Ch => "Switzerland",
            Jurisdiction::Us => "the United States",
            Jurisdiction::Ca => "Canada",
            Jurisdiction::Jp => "Japan",
            Jurisdiction::Sg => "Singapore",
            Jurisdiction::Au => "Australia",
            Jurisdiction::Local => "this machine",
        })
    }
}
