//! What the server answers over HTTPS, without HTTP.

use super::{Client, Control};
use sekimori_device::{HttpResponse, LinkFailure};

fn answer(status: u16, body: Vec<u8>) -> HttpResponse {
    HttpResponse { status, body }
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    let body = serde_json::json!({ "error": { "code": code, "message": code } });
    answer(status, body.to_string().into_bytes())
}

impl Control {
    /// Answers one GET.
    pub(crate) fn get(
        &mut self,
        path: &str,
        client: Option<&Client>,
    ) -> Result<HttpResponse, LinkFailure> {
        if path == "/api/v1/trust" {
            return Ok(answer(200, self.bundle.clone()));
        }
        if path == "/ledger/checkpoint" {
            let published = self.log.published.as_ref();
            return Ok(match published {
                Some(published) => answer(200, published.note.clone().into_bytes()),
                None => refusal(503, "SK-LED-001"),
            });
        }
        let Some(client) = client else {
            return Ok(refusal(401, "SK-AUT-001"));
        };
        let id = client.record.id;
        Ok(match path {
            "/api/v1/devices/self/proof" => {
                let registered = self.registration(id);
                let certified = self.certificate_entry(id, client.spki);
                let entries = [registered, certified].map(|index| self.proven(index?));
                match entries {
                    [Some(registered), Some(certified)] => {
                        let document = serde_json::json!({
                            "entries": [registered, certified],
                            "endpoints": { "mqtt": ":8883" },
                        });
                        answer(200, document.to_string().into_bytes())
                    }
                    _ => refusal(503, "SK-LED-001"),
                }
            }
            "/api/v1/devices/self/update" if client.record.contained => refusal(403, "SK-DEV-006"),
            "/api/v1/devices/self/update" => match self.offer_for(&id) {
                Some(document) => answer(200, document),
                None => answer(204, Vec::new()),
            },
            other => match other.split_once("repair?release=") {
                Some((_, version)) => match self.repair_for(version) {
                    Some(document) => answer(200, document),
                    None => refusal(404, "SK-UPD-002"),
                },
                None => refusal(404, "SK-API-404"),
            },
        })
    }
}
