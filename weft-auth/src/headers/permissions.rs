use http::HeaderValue;

/// Features of the browser that pages ask for, of those that can be turned off (`Permissions-Policy`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permissions(Vec<Feature>);

macro_rules! features {
    ($($feature:ident, $name:literal;)*) => {
        /// A feature that no page has unless it is asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        #[allow(missing_docs)]
        pub enum Feature {
            $($feature,)*
        }

        impl Feature {
            const ALL: &[Feature] = &[$(Feature::$feature,)*];

            const fn name(self) -> &'static str {
                match self { $(Feature::$feature => $name,)* }
            }
        }
    };
}

features! {
    Accelerometer, "accelerometer";
    Autoplay, "autoplay";
    BrowsingTopics, "browsing-topics";
    Camera, "camera";
    DisplayCapture, "display-capture";
    EncryptedMedia, "encrypted-media";
    Fullscreen, "fullscreen";
    Geolocation, "geolocation";
    Gyroscope, "gyroscope";
    Magnetometer, "magnetometer";
    Microphone, "microphone";
    Midi, "midi";
    Payment, "payment";
    Serial, "serial";
    Usb, "usb";
    XrSpatialTracking, "xr-spatial-tracking";
}

impl Permissions {
    /// None of them.
    pub const fn none() -> Permissions {
        Permissions(Vec::new())
    }

    /// The same, and that one for pages of this origin.
    #[must_use]
    pub fn allow_own(mut self, feature: Feature) -> Permissions {
        self.0.push(feature);
        self
    }

    pub(super) fn header(&self) -> HeaderValue {
        let each = Feature::ALL.iter().map(|feature| {
            let allowed = if self.0.contains(feature) {
                "(self)"
            } else {
                "()"
            };
            format!("{}={allowed}", feature.name())
        });
        let text = each.collect::<Vec<_>>().join(", ");
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("camera=()"))
    }
}
