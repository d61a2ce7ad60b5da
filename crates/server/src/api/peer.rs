//! Who sent a request: anybody within a budget, or a device by its certificate.

use axum::extract::FromRequestParts;
use core::net::{IpAddr, Ipv4Addr};
use http::StatusCode;
use http::request::Parts;
use sekimori_identity::{DeviceRecord, Standing};
use sekimori_session::{ClientIdentity, HttpsPeer};

use super::problem::Problem;
use crate::budget::Prefix;
use crate::operator::LocalOperator;
use crate::server::Server;

/// Anybody, as long as the budget of the address prefix lasts.
pub(crate) struct Public {
    address: Option<IpAddr>,
}

/// A device that showed its certificate, which may have expired. Its standing is looked up again.
pub(crate) struct DeviceOnly {
    pub(crate) client: ClientIdentity,
    address: IpAddr,
}

/// A device in good standing with a certificate that holds; it may be contained.
pub(crate) struct Admitted {
    pub(crate) record: DeviceRecord,
    pub(crate) client: ClientIdentity,
}

/// A device in good standing that is not contained.
pub(crate) struct Trusted(pub(crate) DeviceRecord);

impl Public {
    /// Where the request came from, for events.
    pub(crate) fn source(&self) -> String {
        self.address
            .map_or_else(|| "control socket".into(), |address| address.to_string())
    }
}

impl DeviceOnly {
    /// Where the request came from, for events.
    pub(crate) fn source(&self) -> String {
        self.address.to_string()
    }
}

impl FromRequestParts<Server> for Public {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        if parts.extensions.get::<LocalOperator>().is_some() {
            return Ok(Self { address: None });
        }
        let peer = parts.extensions.get::<HttpsPeer>();
        let address = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
        server
            .public_budgets()
            .take(&Prefix::of(address))
            .map_err(Problem::too_many)?;
        Ok(Self {
            address: Some(address),
        })
    }
}

impl FromRequestParts<Server> for DeviceOnly {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<HttpsPeer>().cloned();
        let address = peer.as_ref().map(|peer| peer.address.ip());
        let client = peer.and_then(|peer| peer.client);
        let (Some(client), Some(address)) = (client, address) else {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "SK-DEV-001",
                "a device's certificate is needed",
            )
            .fix("show the certificate that enrollment gave"));
        };
        // One device has the budget of one name, whatever it asks for.
        let name = client.record.name.to_string();
        server
            .device_budgets()
            .take(&name)
            .map_err(Problem::too_many)?;
        let record = server.by_id(&client.record.id).ok_or_else(unknown)?;
        if server.lookup(&client.spki).is_none() {
            return Err(unknown());
        }
        if record.standing != Standing::Active {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "SK-DEV-005",
                format!("the device is {}", record.standing),
            )
            .detail("standing", record.standing.code()));
        }
        server.key_used(&record.id, &client.spki).await?;
        Ok(Self {
            client: ClientIdentity { record, ..client },
            address,
        })
    }
}

impl FromRequestParts<Server> for Admitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let DeviceOnly { client, .. } = DeviceOnly::from_request_parts(parts, server).await?;
        if client.expired {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "SK-DEV-006",
                "the certificate has expired",
            )
            .observed(format!("it ended at {}", client.not_after))
            .fix("renew it with  POST /.well-known/est/simplereenroll"));
        }
        Ok(Self {
            record: client.record.clone(),
            client,
        })
    }
}

impl FromRequestParts<Server> for Trusted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let Admitted { record, .. } = Admitted::from_request_parts(parts, server).await?;
        if record.contained {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "SK-DEV-004",
                "the device is contained: only its repair resources are open",
            )
            .fix("restore the installed release, then report"));
        }
        Ok(Self(record))
    }
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "SK-DEV-002",
        "nobody knows this key any more",
    )
}
